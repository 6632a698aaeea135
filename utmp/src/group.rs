//! The number of group `utmp`, from group(5)'s file: a name service may not be there, or may hang, when utmp is made.

use std::fs;
use std::path::Path;

use rustix::fs::Gid;

/// Group `utmp` as `groups` has it; none if it has none, or cannot be read.
pub(crate) fn utmp(groups: &Path) -> Option<Gid> {
    number(&fs::read(groups).ok()?)
}

fn number(groups: &[u8]) -> Option<Gid> {
    groups.split(|byte| *byte == b'\n').find_map(|line| {
        let mut fields = line.split(|byte| *byte == b':');
        let name = fields.next()?;
        let number = fields.nth(1)?;
        if name != b"utmp" || !number.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number: u32 = str::from_utf8(number).ok()?.parse().ok()?;
        (number != u32::MAX).then(|| Gid::from_raw(number)) // (gid_t)-1 means "leave it"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_group_is_found_by_its_whole_name() {
        assert_eq!(number(b"root:x:0:\nutmpx:x:9:\nutmp:x:43:a,b\n").map(Gid::as_raw), Some(43));
    }

    #[test]
    fn a_line_that_is_no_group_is_passed_over() {
        for line in
            ["", "utmp", "utmp:x", "utmp:x:", "utmp:x:+4:", "utmp:x:-1:", "utmp:x:4294967295:", "utmp:x:99999999999:"]
        {
            assert_eq!(number(line.as_bytes()).map(Gid::as_raw), None, "{line}");
        }
    }
}
