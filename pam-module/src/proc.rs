//! A file of the kernel's, which has no size before it is read (proc(5)).

use rustix::fs::{Mode, OFlags, open};
use rustix::io::{Errno, read as read_some};

/// How much is asked for at a time: most of them are shorter.
const PART: usize = 4096;

/// All that the file holds.
///
/// # Errors
/// open(2)'s and read(2)'s.
pub(crate) fn read(path: &str) -> Result<Vec<u8>, Errno> {
    let file = open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?;
    let mut text = Vec::new();
    let mut part = [0; PART];
    loop {
        match read_some(&file, &mut part) {
            Ok(0) => return Ok(text),
            Ok(count) => text.extend_from_slice(part.get(..count).unwrap_or_default()),
            Err(Errno::INTR) => {}
            Err(e) => return Err(e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_longer_than_one_part_is_read_whole() {
        let environment = std::fs::read("/proc/self/environ").expect("our own");
        assert_eq!(read("/proc/self/environ").expect("our own"), environment);
        let maps = read("/proc/self/smaps").expect("our own");
        assert!(maps.len() > PART && maps.ends_with(b"\n"));
        assert_eq!(read("/proc/self/none"), Err(Errno::NOENT));
    }
}
