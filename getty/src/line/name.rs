//! The name of a line.

use std::ffi::OsStr;
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::paths;

/// A terminal's name without `/dev/`, as utmp's `ut_line` has it: `tty1`, `ttyS0`, `pts/3`, `console`.
///
/// Printable ASCII in components that are neither empty nor `.` nor `..`: it cannot lead out of /dev, and it can be
/// shown on a terminal and in a log as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct LineName(String);

impl LineName {
    /// The line called `name`, which may begin with `/dev/`.
    ///
    /// # Errors
    /// If it is no name of a line.
    pub(crate) fn parse(name: &OsStr) -> Result<Self, NotALine> {
        let bytes = name.as_bytes();
        let relative = bytes.strip_prefix(b"/dev/").unwrap_or(bytes);
        let is_component = |part: &[u8]| !matches!(part, b"" | b"." | b"..") && part.iter().all(u8::is_ascii_graphic);
        if !relative.split(|&byte| byte == b'/').all(is_component) {
            return Err(NotALine::Name);
        }
        match str::from_utf8(relative) {
            Ok(name) => Ok(Self(name.to_owned())),
            Err(_) => Err(NotALine::Name),
        }
    }

    /// The line that `terminal` is open on (`ttyname(3)`).
    ///
    /// # Errors
    /// If it is no terminal, not open for reading and writing, or has no name in /dev.
    pub(crate) fn of_terminal(terminal: impl AsFd) -> Result<Self, NotALine> {
        let flags = rustix::fs::fcntl_getfl(&terminal).map_err(|_| NotALine::StandardInput)?;
        if !flags.contains(rustix::fs::OFlags::RDWR) {
            return Err(NotALine::StandardInput);
        }
        let path = rustix::termios::ttyname(&terminal, Vec::new()).map_err(|_| NotALine::StandardInput)?;
        if !path.as_bytes().starts_with(b"/dev/") {
            return Err(NotALine::StandardInput);
        }
        Self::parse(OsStr::from_bytes(path.as_bytes()))
    }

    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Its path.
    pub(crate) fn path(&self) -> PathBuf {
        Path::new(paths::DEV).join(&self.0)
    }

    /// The folders on the way from /dev, and the name in the last of them.
    pub(crate) fn components(&self) -> (Vec<&str>, &str) {
        let mut parts: Vec<_> = self.0.split('/').collect();
        let last = parts.pop().unwrap_or_default();
        (parts, last)
    }
}

/// Why something names no line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub(crate) enum NotALine {
    /// It is empty, leads out of /dev or is not printable.
    #[error("not the name of a line in /dev")]
    Name,
    /// `-` was given, but standard input is no terminal of /dev that is open for reading and writing.
    #[error("standard input is not a terminal in /dev that is open for reading and writing")]
    StandardInput,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(name: &str) -> Result<String, NotALine> {
        LineName::parse(OsStr::new(name)).map(|line| line.0)
    }

    #[test]
    fn a_line_is_relative_to_dev() {
        for name in ["tty1", "ttyS0", "pts/3", "console", "3270/tty1"] {
            assert_eq!(parse(name).as_deref(), Ok(name));
            assert_eq!(parse(&format!("/dev/{name}")).as_deref(), Ok(name));
        }
    }

    #[test]
    fn a_name_that_leads_out_of_dev_is_refused() {
        for name in [
            "",
            "/",
            "/dev/",
            "..",
            "../etc/passwd",
            "pts/../../etc/passwd",
            "/etc/passwd",
            "//dev/tty1",
            "a//b",
            "./tty1",
        ] {
            assert_eq!(parse(name), Err(NotALine::Name), "{name}");
        }
    }

    #[test]
    fn a_name_that_cannot_be_shown_is_refused() {
        for name in ["tty\n", "tty 1", "\x1b[2J", "ttyé"] {
            assert_eq!(parse(name), Err(NotALine::Name), "{name:?}");
        }
    }

    #[test]
    fn a_line_has_folders_and_a_name() {
        let line = LineName::parse(OsStr::new("a/b/c")).unwrap();
        assert_eq!(line.components(), (vec!["a", "b"], "c"));
    }

    proptest! {
        #[test]
        fn every_line_lies_in_dev(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(line) = LineName::parse(OsStr::from_bytes(&bytes)) {
                prop_assert!(line.path().starts_with("/dev"));
                prop_assert!(line.path().components().all(|c| !matches!(c, std::path::Component::ParentDir)));
                prop_assert!(line.as_str().bytes().all(|b| b.is_ascii_graphic()));
            }
        }
    }
}
