//! Eight clients at once, each opening and closing sessions as fast as it is served.

use std::time::Instant;

use tests::outcome::{Failure, Outcome};

use crate::dbus::Client;
use crate::figure::{amount, milliseconds, tell, tell_times};
use crate::sessions::{self, Took};

const CLIENTS: usize = 8;
const CYCLES: usize = 100;

/// Measures with clients whose sessions are of `users`, one user for each client.
///
/// # Errors
/// What went wrong.
pub(crate) fn measure(door: &str, users: &[u32]) -> Outcome {
    let began = Instant::now();
    let took: Vec<Took> = std::thread::scope(|scope| {
        let one = |uid| {
            move || -> Outcome<Vec<Took>> {
                let mut client = Client::connect(door)?;
                client.listen("SessionRemoved")?;
                sessions::cycles(&mut client, &[uid], CYCLES)
            }
        };
        let clients: Vec<_> = users.iter().cycle().take(CLIENTS).map(|&uid| scope.spawn(one(uid))).collect();
        let ended = clients.into_iter().map(|client| client.join().map_err(|_| Failure::new("a client panicked"))?);
        ended.collect::<Outcome<Vec<_>>>()
    })?
    .into_iter()
    .flatten()
    .collect();
    let each = milliseconds(began.elapsed()) / amount(u64::try_from(CLIENTS * CYCLES)?);
    tell(&format!("{CLIENTS} clients at once: one session in (ms)"), each);
    tell_times(&format!("{CLIENTS} clients at once: open"), took.iter().map(|took| took.open));
    Ok(())
}
