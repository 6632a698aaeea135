//! Which lines the kernel writes its messages to.

use std::fs;

use crate::line::LineName;
use crate::paths;

/// Whether `line` is a console of the kernel's (`/sys/class/tty/console/active`). `tty0` there is the VT in front, and no
/// line of its own.
pub(crate) fn is_one(line: &LineName) -> bool {
    fs::read_to_string(paths::CONSOLES).is_ok_and(|text| names(&text, line))
}

fn names(consoles: &str, line: &LineName) -> bool {
    consoles.split_ascii_whitespace().any(|console| console == line.as_str())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::*;

    #[test]
    fn a_console_is_one_by_its_whole_name() {
        let line = |name: &str| LineName::parse(OsStr::new(name)).unwrap();
        assert!(names("tty0 ttyS0\n", &line("ttyS0")));
        for other in ["ttyS", "ttyS01", "tty1", "S0"] {
            assert!(!names("tty0 ttyS0\n", &line(other)), "{other}");
        }
    }
}
