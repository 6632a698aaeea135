//! How the registry bears many open sessions: opening and closing one more, listing, its memory, and all ending at once.

use std::time::Instant;

use tests::outcome::Outcome;

use crate::daemon::Daemon;
use crate::dbus::{Body, Client};
use crate::figure::{amount, milliseconds, tell, tell_median, tell_times};
use crate::sessions::{self, MANAGER, Session};

/// What the daemon's work with nobody logged in is told as.
pub(crate) const WORK_AT_0: &str = "the daemon's own work to open and close at 0 (ms)";

/// At how many open sessions is measured.
const LEVELS: [usize; 4] = [0, 500, 1000, 4000];
/// How often a session is opened and closed at each level.
const CYCLES: usize = 200;
/// How often the sessions are listed at each level.
const LISTS: usize = 21;

/// Measures with sessions of `users`, one after another.
///
/// # Errors
/// What went wrong.
pub(crate) fn measure(door: &str, users: &[u32]) -> Outcome {
    let mut client = Client::connect(door)?;
    client.listen("SessionRemoved")?;
    let daemon = Daemon::find()?;
    sessions::cycles(&mut client, users, 20)?; // what is made once is made now
    let before = daemon.memory()?;
    let mut open: Vec<Session> = Vec::new();
    let mut next = users.iter().cycle();
    for level in LEVELS {
        while open.len() < level {
            let Some(&uid) = next.next() else { break };
            open.push(sessions::open(&mut client, uid)?.0);
        }
        let before = daemon.worked()?;
        let took = sessions::cycles(&mut client, users, CYCLES)?;
        let worked = milliseconds(daemon.worked()?.saturating_sub(before));
        tell(
            &format!("the daemon's own work to open and close at {level} (ms)"),
            worked / amount(u64::try_from(CYCLES)?),
        );
        tell_times(&format!("open at {level}"), took.iter().map(|took| took.open));
        tell_times(&format!("open and close at {level}"), took.iter().map(|took| took.open + took.close));
        if level > 0 {
            list(&mut client, level)?;
        }
    }
    let grown = daemon.memory()?.resident.saturating_sub(before.resident);
    tell("memory for each open session (KB resident)", amount(grown) / amount(u64::try_from(open.len())?));
    end_all(&mut client, open)
}

fn list(client: &mut Client, level: usize) -> Outcome {
    let mut times = Vec::with_capacity(LISTS);
    for _ in 0..LISTS {
        let began = Instant::now();
        client.call(MANAGER, "ListSessions", "", Body::default())?;
        times.push(began.elapsed());
    }
    tell_median(&format!("ListSessions at {level}"), times.into_iter());
    Ok(())
}

/// All leaders end, as when the machine's sshd is killed.
fn end_all(client: &mut Client, open: Vec<Session>) -> Outcome {
    let count = open.len();
    let began = Instant::now();
    drop(open);
    for _ in 0..count {
        client.signal("SessionRemoved")?;
    }
    tell(&format!("{count} ending at once (ms)"), milliseconds(began.elapsed()));
    Ok(())
}
