//! Empty utmp, wtmp, btmp and lastlog, as an installation has them.

use std::fs::{OpenOptions, Permissions};
use std::os::unix::fs::{PermissionsExt, fchown};

use super::accounts::Accounts;
use crate::error::{Error, Tried};

const RECORDS: [(&str, u32); 4] =
    [("/run/utmp", 0o664), ("/var/log/wtmp", 0o664), ("/var/log/btmp", 0o600), ("/var/log/lastlog", 0o664)];

/// Makes them, root's and the group utmp's.
pub(super) fn write(accounts: &Accounts) -> Result<(), Error> {
    for (path, mode) in RECORDS {
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(path).tried("make", path)?;
        file.set_permissions(Permissions::from_mode(mode)).tried("protect", path)?;
        fchown(&file, Some(0), Some(accounts.utmp)).tried("give away", path)?;
    }
    Ok(())
}
