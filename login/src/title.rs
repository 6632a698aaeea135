//! The process's title: what ps(1) shows of a login, in the memory that its command line came in.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt as _;

use tracing::debug;

use crate::account::Account;
use crate::{paths, sys};

/// The memory that the kernel shows as this process's command line (`proc(5)`, `cmdline`), wiped of what it held: a
/// password may have been typed as the name, and was an argument then. The environment lay behind it.
///
/// Without /proc nobody reads it, and it stays as it is.
pub(crate) struct Title(Option<Memory>);

struct Memory {
    start: u64,
    length: usize,
}

impl Title {
    /// Takes the memory and wipes it. Neither the arguments nor the environment can be read from the process after that.
    pub(crate) fn take() -> Self {
        sys::name_in_log(); // the C library would take the name from that memory
        let memory = Memory::find();
        if let Err(error) = &memory {
            debug!(%error, "the command line cannot be wiped");
        }
        let title = Self(memory.ok());
        title.set("login");
        title
    }

    /// Shows who is logged in.
    pub(crate) fn show(&self, account: &Account) {
        self.set(&format!("login -- {}", account.name.as_str()));
    }

    fn set(&self, text: &str) {
        let Some(Err(error)) = self.0.as_ref().map(|memory| memory.fill(text.as_bytes())) else { return };
        debug!(%error, "the command line cannot be written");
    }
}

impl Memory {
    fn find() -> io::Result<Self> {
        let [start, end, environment, environment_end] = places(&fs::read_to_string(paths::OWN_STATUS)?)
            .ok_or_else(|| io::Error::other("the kernel does not say where it is"))?;
        // A title may run on into the environment if that follows at once (get_mm_cmdline in linux/fs/proc/base.c).
        let end = if environment == end { environment_end.max(end) } else { end };
        let length = usize::try_from(end.saturating_sub(start)).map_err(io::Error::other)?;
        Ok(Self { start, length })
    }

    /// Fills it with `text`, or as much of it as there is room for, and NULs. No descriptor is kept: the child that becomes
    /// the user would have it too, and could write to its parent, which stays root.
    fn fill(&self, text: &[u8]) -> io::Result<()> {
        let mut bytes = text.to_vec();
        bytes.truncate(self.length.saturating_sub(1)); // one NUL is left at the end
        bytes.resize(self.length, 0);
        OpenOptions::new().write(true).open(paths::OWN_MEMORY)?.write_all_at(&bytes, self.start)
    }
}

/// Where arguments and environment begin and end, in the text of /proc/PID/stat: its fields 48 to 51.
fn places(status: &str) -> Option<[u64; 4]> {
    let (_, fields) = status.rsplit_once(')')?; // the second field is the program's name, which may hold anything
    let mut places = fields.split_ascii_whitespace().skip(45).map_while(|field| field.parse().ok());
    Some([places.next()?, places.next()?, places.next()?, places.next()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_found_behind_any_name() {
        let fields: Vec<_> = (3..=52).map(|field| field.to_string()).collect();
        let status = format!("77 (a) b (c)) {}\n", fields.join(" "));
        assert_eq!(places(&status), Some([48, 49, 50, 51]));
        assert_eq!(places("77 (login) S 1"), None);
        assert_eq!(places(""), None);
    }
}
