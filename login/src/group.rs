//! The group of a line in use (`TTYGROUP` in login.defs(5)).

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;

use tracing::warn;

use crate::paths;

/// The number of the group that `name` (or number) means; none if there is no such group.
///
/// The machine's own file comes first, and for root it is all there is: a server that has more groups may be down, and then
/// nobody else could repair it.
pub(crate) fn of_lines(name: &str, is_for_root: bool) -> Option<u32> {
    if let Ok(number) = name.parse() {
        return Some(number).filter(|&number| number != NONE);
    }
    let own = groups().inspect_err(|error| warn!(%error, "cannot read the machine's groups")).unwrap_or_default();
    number(&own, name).or_else(|| if is_for_root { None } else { anywhere(name) })
}

/// What chown(2) takes for "as it is".
const NONE: u32 = u32::MAX;

/// The machine's own groups. It must be a file to be waited for.
fn groups() -> io::Result<Vec<u8>> {
    let mut groups = Vec::new();
    let file = File::options().read(true).custom_flags(libc::O_NONBLOCK).open(paths::GROUPS)?;
    file.take(MOST).read_to_end(&mut groups)?;
    Ok(groups)
}

/// No machine has more of its own.
const MOST: u64 = 64 << 20;

/// The number of `name` in `groups` (`group(5)`).
fn number(groups: &[u8], name: &str) -> Option<u32> {
    groups.split(|byte| *byte == b'\n').find_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let number = fields.next().filter(|field| *field == name.as_bytes()).and(fields.nth(1))?;
        let is_number = number.iter().all(u8::is_ascii_digit);
        str::from_utf8(number).ok().filter(|_| is_number)?.parse().ok().filter(|&number| number != NONE)
    })
}

/// The number of `name` in any database of groups, which may never answer.
fn anywhere(name: &str) -> Option<u32> {
    match nix::unistd::Group::from_name(name) {
        Ok(group) => group.map(|group| group.gid.as_raw()),
        Err(error) => {
            warn!(group = name, %error, "cannot look up the group of lines");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_by_its_whole_name() {
        assert_eq!(number(b"root:x:0:\nttys:x:9:\ntty:x:5:alice,bob\n", "tty"), Some(5));
        for line in ["", "tty", "tty:x", "tty:x:", "tty:x:+5:", "tty:x:-1:", "tty:x:4294967295:", "tty:x:99999999999:"]
        {
            assert_eq!(number(line.as_bytes(), "tty"), None, "{line}");
        }
    }

    #[test]
    fn a_number_is_a_group_unless_it_means_none() {
        assert_eq!(of_lines("7", true), Some(7));
        assert_eq!(of_lines("4294967295", true), None);
    }
}
