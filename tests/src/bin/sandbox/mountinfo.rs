//! What is mounted where (`proc_pid_mountinfo(5)`).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// One mount of this mount namespace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Mount {
    /// Where.
    pub(crate) point: PathBuf,
    /// The file system's kind.
    pub(crate) kind: String,
}

/// The mounts listed in the text of `/proc/self/mountinfo`, in its order; a line of another shape is no mount.
pub(crate) fn parse(text: &[u8]) -> Vec<Mount> {
    text.split(|byte| *byte == b'\n').filter_map(line).collect()
}

fn line(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|byte| *byte == b' ');
    let point = path(fields.nth(4)?);
    let kind = fields.skip_while(|field| *field != b"-").nth(1)?;
    Some(Mount { point, kind: String::from_utf8_lossy(kind).into_owned() })
}

// A blank, a tab, a newline and a backslash are written as a backslash and three octal digits.
fn path(field: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(field.len());
    let mut rest = field;
    while let [first, tail @ ..] = rest {
        let octal =
            if *first == b'\\' { tail.get(..3).and_then(|digits| std::str::from_utf8(digits).ok()) } else { None };
        if let Some(byte) = octal.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            bytes.push(byte);
            rest = &tail[3..];
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_read_with_and_without_optional_fields() {
        let text = b"27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
                     41 31 0:38 /a /sys/fs/my\\040group rw shared:7 master:2 - cgroup2 cgroup2 rw\n\
                     what is this\n";
        let mount = |point: &str, kind: &str| Mount { point: point.into(), kind: kind.to_owned() };
        assert_eq!(parse(text), [mount("/", "ext4"), mount("/sys/fs/my group", "cgroup2")]);
    }

    #[test]
    fn a_backslash_that_escapes_nothing_stays() {
        assert_eq!(path(b"/a\\9\\"), PathBuf::from("/a\\9\\"));
    }
}
