//! What is shown before the shell: what login.defs asks for, and nothing that it does not.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use tracing::debug;

use crate::account::Account;
use crate::defs::{Mailbox, Settings};
use crate::terminal::Terminal;

/// More than a screenful of a message of the day is not shown.
const MOTD_MAX: u64 = 64 << 10;

/// Greets the user. Runs as the user: these files may be anywhere, also on a disk that only the user may wait for.
///
/// # Errors
/// If the line is gone.
pub(crate) fn greet(terminal: &Terminal, account: &Account, settings: &Settings) -> io::Result<()> {
    for file in &settings.motd {
        match message(Path::new(file)) {
            Ok(text) => terminal.show(&text)?,
            Err(error) => debug!(file, %error, "no message of the day"),
        }
    }
    if settings.checks_mail {
        terminal.show(mail_line(&mailbox(account, &settings.mailbox)).as_bytes())?;
    }
    Ok(())
}

fn message(file: &Path) -> io::Result<Vec<u8>> {
    let opened = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(file)?;
    if !opened.metadata()?.is_file() {
        return Err(io::Error::other("not a regular file"));
    }
    let mut text = Vec::new();
    opened.take(MOTD_MAX).read_to_end(&mut text)?;
    Ok(text)
}

fn mailbox(account: &Account, mailbox: &Mailbox) -> PathBuf {
    match mailbox {
        Mailbox::Folder(folder) => Path::new(folder).join(account.name.as_str()),
        Mailbox::InHome(file) => account.home.join(file),
    }
}

/// A mailbox is new if it was written after it was read (util-linux's login).
fn mail_line(mailbox: &Path) -> &'static str {
    match fs::metadata(mailbox) {
        Ok(box_of_mail) if box_of_mail.size() == 0 => "",
        Ok(box_of_mail) if box_of_mail.mtime() > box_of_mail.atime() => "You have new mail.\r\n",
        Ok(_) => "You have mail.\r\n",
        Err(_) => "",
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn mail_is_new_until_it_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let mailbox = folder.path().join("alice");
        assert_eq!(mail_line(&mailbox), "");
        let file = fs::File::create(&mailbox).expect("a mailbox");
        assert_eq!(mail_line(&mailbox), "");
        fs::write(&mailbox, "From bob").expect("a mail");
        let written = SystemTime::now();
        let hour = Duration::from_secs(3600);
        file.set_times(fs::FileTimes::new().set_modified(written).set_accessed(written - hour)).expect("times");
        assert_eq!(mail_line(&mailbox), "You have new mail.\r\n");
        file.set_times(fs::FileTimes::new().set_modified(written).set_accessed(written + hour)).expect("times");
        assert_eq!(mail_line(&mailbox), "You have mail.\r\n");
    }

    #[test]
    fn only_a_regular_file_is_a_message_of_the_day() {
        let folder = tempfile::tempdir().expect("a folder");
        let motd = folder.path().join("motd");
        fs::write(&motd, "welcome\n").expect("a message");
        assert_eq!(message(&motd).expect("it is read"), b"welcome\n");
        assert!(message(folder.path()).is_err());
        assert!(message(Path::new("/dev/zero")).is_err());
    }
}
