//! Messages of the day: a file, or a folder of them (util-linux's login).

use std::cmp::Ordering;
use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use tracing::debug;

/// More than a screenful of a message of the day is not shown.
const MOTD_MAX: u64 = 64 << 10;

/// The messages that `path` has: its own, or those of the files `*.motd` in it, in the order of the versions in their
/// names. None if there is neither.
pub(super) fn messages(path: &Path) -> Option<Vec<Vec<u8>>> {
    if path.is_dir() {
        return Some(files_of(path).iter().filter_map(|file| message(file)).collect());
    }
    message(path).map(|text| vec![text])
}

fn message(file: &Path) -> Option<Vec<u8>> {
    read(file).inspect_err(|error| debug!(file = %file.display(), %error, "no message of the day")).ok()
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(file)?;
    if !opened.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut text = Vec::new();
    opened.take(MOTD_MAX).read_to_end(&mut text)?;
    Ok(text)
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = folder.read_dir() else { return Vec::new() };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|file| is_motd(file)).collect();
    files.sort_by(|a, b| in_order(a.as_os_str().as_bytes(), b.as_os_str().as_bytes()));
    files
}

fn is_motd(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().as_bytes();
    name.ends_with(b".motd") && !name.starts_with(b".")
}

/// The order of names in which `9` comes before `10` (versionsort(3)): digits that follow each other are one number.
fn in_order(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a_rest, mut b_rest) = (a, b);
    while let (Some((a_part, a_next)), Some((b_part, b_next))) = (first_part(a_rest), first_part(b_rest)) {
        let order = match (a_part[0].is_ascii_digit(), b_part[0].is_ascii_digit()) {
            (true, true) => {
                let number = |digits: &[u8]| digits.iter().skip_while(|d| **d == b'0').copied().collect::<Vec<_>>();
                let (a_number, b_number) = (number(a_part), number(b_part));
                a_number.len().cmp(&b_number.len()).then_with(|| a_number.cmp(&b_number))
            }
            _ => a_part.cmp(b_part),
        };
        if order.is_ne() {
            return order;
        }
        (a_rest, b_rest) = (a_next, b_next);
    }
    a_rest.len().cmp(&b_rest.len()).then_with(|| a.cmp(b))
}

/// The digits, or the rest up to the next digit, with which `name` begins; and what follows. None at its end.
fn first_part(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let is_number = name.first()?.is_ascii_digit();
    let end = name.iter().position(|byte| byte.is_ascii_digit() != is_number).unwrap_or(name.len());
    Some(name.split_at(end))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_a_regular_file_is_a_message_of_the_day() {
        let folder = tempfile::tempdir().expect("a folder");
        let motd = folder.path().join("motd");
        assert_eq!(messages(&motd), None);
        fs::write(&motd, "welcome\n").expect("a message");
        assert_eq!(messages(&motd), Some(vec![b"welcome\n".to_vec()]));
        assert_eq!(messages(Path::new("/dev/zero")), None);
    }

    #[test]
    fn a_folder_has_the_messages_of_its_files_in_their_order() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["10-news.motd", "9-site.motd", "09-also.motd", "a.motd", ".hidden.motd", "note.txt", "b.motd~"] {
            fs::write(folder.path().join(name), name).expect("a message");
        }
        fs::create_dir(folder.path().join("x.motd")).expect("a folder");
        let shown = messages(folder.path()).expect("a folder");
        assert_eq!(shown.len(), 4);
        assert_eq!(String::from_utf8_lossy(&shown.concat()), "09-also.motd9-site.motd10-news.motda.motd");
        assert_eq!(messages(tempfile::tempdir().expect("a folder").path()), Some(Vec::new()), "it is there");
    }

    #[test]
    fn numbers_in_names_are_numbers() {
        let sorted = ["", "1", "01.5", "1.10", "2", "10", "18446744073709551617", "a", "a1", "a1b", "a2", "b"];
        for pair in sorted.windows(2) {
            assert!(in_order(pair[0].as_bytes(), pair[1].as_bytes()).is_lt(), "{pair:?}");
            assert!(in_order(pair[1].as_bytes(), pair[0].as_bytes()).is_gt(), "{pair:?}");
        }
    }
}
