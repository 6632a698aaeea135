//! utmp, wtmp, btmp and lastlog: the machine's own records, read and written byte for byte as glibc does.
//!
//! [`Record`] is one entry with every field typed, [`Files`] the four files and the rules of writing them. Nothing here
//! calls libc's `getutxent(3)` family: it is slow, keeps hidden state, takes over `SIGALRM`, and is a stub on musl.
//!
//! These files are an interface to `who`, `last`, sshd and the rest, never this project's memory: whoever may write them
//! may lie in them, so a record's text is outside text wherever it is shown.

#![forbid(unsafe_code)]

mod backwards;
mod digits;
pub mod dump;
mod encoding;
mod field;
mod files;
pub mod flags;
mod forward;
mod group;
mod history;
mod json;
pub mod last;
pub mod last_logins;
mod lastlog;
mod layout;
mod limit;
mod lock;
mod open;
mod outage;
pub mod paths;
mod range;
mod read;
mod record;
mod slot;
mod step;
mod text;
mod turn;
mod view;
mod write;

pub use backwards::{Backward, Backwards};
pub use encoding::{Encoding, Order, UnknownEncoding, Width};
pub use files::{Appended, Durability, Files, HUGE_UID};
pub use forward::Forward;
pub use history::History;
pub use lastlog::LastLogin;
pub use layout::{SIZE, Unused};
pub use open::WriteError;
pub use outage::Unrecorded;
pub use read::{ReadError, Records};
pub use record::{Exit, Kind, Record, Time};
pub use step::{Skipped, Step};
pub use text::Text;
pub use view::View;
