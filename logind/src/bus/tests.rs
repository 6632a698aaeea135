//! The bus as others see it: their programs and raw bytes against both doors, a real core behind them.

mod client;
mod door;
mod everyday;
mod hostile;
mod house;
mod login;
mod polkit;
mod rights;
mod rows;
mod signals;
mod stand_in;
mod switching;
mod system;
