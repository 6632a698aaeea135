//! What is to be seen on the machine, by theme.

pub(crate) mod boot;
pub(crate) mod cgroups;
pub(crate) mod claims;
pub(crate) mod clock;
pub(crate) mod demand;
pub(crate) mod faults;
pub(crate) mod lacking;
pub(crate) mod many;
pub(crate) mod power;
mod seat;
pub(crate) mod serial;
pub(crate) mod services;
mod ssh;
pub(crate) mod switching;
pub(crate) mod systemd;
