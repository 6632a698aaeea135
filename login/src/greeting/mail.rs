//! The line about mail.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::defs::Mailbox;

const NEW: &str = "You have new mail.\r\n";
const OLD: &str = "You have mail.\r\n";

/// Where the user's mail is.
pub(super) fn mailbox(account: &Account, mailbox: &Mailbox) -> PathBuf {
    match mailbox {
        Mailbox::Folder(folder) => Path::new(folder).join(account.name.as_str()),
        Mailbox::InHome(file) => account.home.join(file),
    }
}

/// What is to be said of `mailbox`. A file is new if it was written after it was read (util-linux's login); a folder has
/// its new mail in `new` and the rest in `cur` (`maildir(5)`).
pub(super) fn line(mailbox: &Path) -> &'static str {
    match fs::metadata(mailbox) {
        Ok(folder) if folder.is_dir() && has_entries(&mailbox.join("new")) => NEW,
        Ok(folder) if folder.is_dir() && has_entries(&mailbox.join("cur")) => OLD,
        Ok(file) if !file.is_file() || file.size() == 0 => "",
        Ok(file) if file.mtime() > file.atime() => NEW,
        Ok(_) => OLD,
        Err(_) => "",
    }
}

fn has_entries(folder: &Path) -> bool {
    folder.read_dir().is_ok_and(|mut entries| entries.next().is_some())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn mail_is_new_until_it_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let mailbox = folder.path().join("alice");
        assert_eq!(line(&mailbox), "");
        let file = fs::File::create(&mailbox).expect("a mailbox");
        assert_eq!(line(&mailbox), "");
        fs::write(&mailbox, "From bob").expect("a mail");
        let written = SystemTime::now();
        let hour = Duration::from_secs(3600);
        file.set_times(fs::FileTimes::new().set_modified(written).set_accessed(written - hour)).expect("times");
        assert_eq!(line(&mailbox), "You have new mail.\r\n");
        file.set_times(fs::FileTimes::new().set_modified(written).set_accessed(written + hour)).expect("times");
        assert_eq!(line(&mailbox), "You have mail.\r\n");
    }

    #[test]
    fn a_folder_of_mails_has_new_ones_and_others() {
        let mailbox = tempfile::tempdir().expect("a folder");
        let said = || line(mailbox.path());
        assert_eq!(said(), "");
        for part in ["new", "cur", "tmp"] {
            fs::create_dir(mailbox.path().join(part)).expect("a folder");
        }
        fs::write(mailbox.path().join("tmp/1"), "on its way").expect("a mail");
        assert_eq!(said(), "");
        fs::write(mailbox.path().join("cur/2"), "read").expect("a mail");
        assert_eq!(said(), "You have mail.\r\n");
        fs::write(mailbox.path().join("new/3"), "new").expect("a mail");
        assert_eq!(said(), "You have new mail.\r\n");
    }
}
