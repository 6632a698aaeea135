//! Who is not to be greeted (`HUSHLOGIN_FILE`, util-linux's login).

use std::path::Path;

use nix::errno::Errno;
use tracing::warn;

use crate::account::Account;
use crate::defs::{self, Settings};
use crate::home::Home;

/// Whether `account` is not to be greeted: the first file there is decides. An absolute one lists names and shells, or is
/// empty for everybody; another one is a file in the home, which need only be there.
pub(crate) fn is_asked_for(account: &Account, settings: &Settings, home: &mut Home) -> bool {
    for file in &settings.hush_files {
        if !Path::new(file).is_absolute() {
            return home.has(account, file);
        }
        match defs::text(Path::new(file)) {
            Ok(list) => return is_listed(account, &list),
            Err(error) if error.raw_os_error() == Some(Errno::ENOENT as i32) => {}
            Err(error) => warn!(file, %error, "cannot read who is not to be greeted"),
        }
    }
    false
}

fn is_listed(account: &Account, list: &str) -> bool {
    let is_theirs = |line: &str| match line.starts_with('/') {
        true => Path::new(line) == account.shell,
        false => line == account.name.as_str(),
    };
    list.is_empty() || list.lines().any(|line| is_theirs(line.trim_end()))
}
