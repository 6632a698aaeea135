//! 20,000 sessions opened and closed: afterwards everything is as before.

use std::fs;
use std::path::Path;

use tests::outcome::Outcome;
use tests::wait;

use crate::daemon::Daemon;
use crate::dbus::Client;
use crate::figure::{amount, tell};
use crate::sessions;

const CYCLES: usize = 20_000;
/// What is made once, and what an allocator keeps, is there after so many.
const WARM: usize = 500;

/// Everything that could grow.
#[derive(Debug)]
struct State {
    resident: u64,
    descriptors: usize,
    watches: usize,
    cgroups: usize,
    files: usize,
}

impl State {
    fn look(daemon: &Daemon) -> Outcome<Self> {
        Ok(Self {
            resident: daemon.memory()?.resident,
            descriptors: daemon.descriptors()?,
            watches: daemon.watches()?,
            cgroups: count(Path::new("/sys/fs/cgroup"), true)?,
            files: count(Path::new("/run/systemd"), false)?,
        })
    }
}

/// Measures with sessions of one user, who stays for as long: a first session is held.
///
/// # Errors
/// What went wrong.
pub(crate) fn measure(door: &str, users: &[u32]) -> Outcome {
    let uid = users.first().copied().unwrap_or_default();
    let mut client = Client::connect(door)?;
    client.listen("SessionRemoved")?;
    let daemon = Daemon::find()?;
    let (held, _) = sessions::open(&mut client, uid)?;
    sessions::cycles(&mut client, &[uid], WARM)?;
    let before = State::look(&daemon)?;
    sessions::cycles(&mut client, &[uid], CYCLES)?;
    // SessionRemoved can come before the last of a session's things is gone.
    let after = wait::until("nothing is left of the last session", || {
        let now = State::look(&daemon)?;
        Ok((now.descriptors == before.descriptors && now.files == before.files).then_some(now))
    })
    .or_else(|_| State::look(&daemon))?;
    sessions::close(&mut client, held)?;
    let more =
        |name: &str, after: u64, before: u64| tell(&format!("after {CYCLES}: {name}"), amount(after) - amount(before));
    more("resident (KB more)", after.resident, before.resident);
    more("descriptors more", u64::try_from(after.descriptors)?, u64::try_from(before.descriptors)?);
    more("inotify watches more", u64::try_from(after.watches)?, u64::try_from(before.watches)?);
    more("cgroups more", u64::try_from(after.cgroups)?, u64::try_from(before.cgroups)?);
    more("files more", u64::try_from(after.files)?, u64::try_from(before.files)?);
    Ok(())
}

fn count(top: &Path, only_folders: bool) -> Outcome<usize> {
    let mut count = 0;
    for entry in fs::read_dir(top)? {
        let entry = entry?;
        let is_folder = entry.file_type()?.is_dir();
        count += usize::from(is_folder || !only_folders);
        if is_folder {
            count += self::count(&entry.path(), only_folders)?;
        }
    }
    Ok(count)
}
