//! `lastlog`: when each user logged in last (lastlog(8)).

mod options;
mod run;
mod users;

pub use options::LASTLOG;
pub use run::run;
