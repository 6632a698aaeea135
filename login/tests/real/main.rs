//! The real login with the real libpam on real terminals, each test on a machine of its own.

mod ends;
mod good_login;
mod homes;
mod machine;
mod messages;
mod refusals;
mod seat;
mod sessions;
