//! The real login with the real libpam on real terminals, each test on a machine of its own.

mod command_line;
mod configuration;
mod ends;
mod good_login;
mod greetings;
mod homes;
mod line;
mod machine;
mod messages;
mod refusals;
mod seat;
mod secrets;
mod security;
mod sessions;
mod users;
