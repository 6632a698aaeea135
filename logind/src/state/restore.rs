//! What a logind before this one left, found again: in its files, in the cgroups, in `/run/user`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use logind_core::Event;
use logind_core::event::{SavedSession, SavedUser};
use logind_core::login::Account;
use logind_core::names::Uid;
use logind_core::time::Moment;

use super::records::Records;
use crate::effects::cgroup::Cgroups;
use crate::effects::runtime_directory::RuntimeDirectories;
use crate::effects::witnesses::{self, Subject};
use crate::sources;

/// How long the user database is waited for, once, for users of whom there is no file.
const PATIENCE: Duration = Duration::from_secs(3);

/// Everything found, in the order that the registry needs it: users, sessions, the end of it.
///
/// What nothing can be made of is cleared away: broken files, life lines and scopes of no session, slices of no user.
/// A directory in `/run/user` of somebody without a file, which the PAM module makes while there is no logind, is as a
/// user whose first session did not open.
pub(crate) async fn events(
    now: Moment,
    records: &Records,
    cgroups: &Cgroups,
    directories: &RuntimeDirectories,
) -> Vec<Event> {
    let mut users = or_none(records.users(), "cannot list the state files of users");
    let sessions = or_none(records.sessions(), "cannot list the state files of sessions");
    let owners = or_none(directories.owners(), "cannot list the runtime directories");
    users.extend(users_without_file(now, &users, &sessions, &owners).await);
    clear_cgroups(cgroups, &users, &sessions);

    let restored = sessions.into_iter().map(|saved| {
        let witnesses = witnesses::ask(&Subject::of_saved(&saved), records, cgroups);
        tracing::info!(session = %saved.id, uid = saved.uid.get(), ?witnesses, "a session is found again");
        Event::SessionRestored { saved, witnesses }
    });
    let restored: Vec<Event> = restored.collect();
    users.into_iter().map(Event::UserRestored).chain(restored).chain([Event::RestoreEnded]).collect()
}

fn or_none<T>(found: std::io::Result<Vec<T>>, failure: &'static str) -> Vec<T> {
    found.unwrap_or_else(|error| {
        tracing::error!(error = %error, "{failure}");
        Vec::new()
    })
}

/// The users of sessions and of runtime directories that have no file of their own.
async fn users_without_file(
    now: Moment,
    users: &[SavedUser],
    sessions: &[SavedSession],
    owners: &[(Uid, u32)],
) -> Vec<SavedUser> {
    let known: BTreeSet<Uid> = users.iter().map(|user| user.account.uid).collect();
    let mut lacking: BTreeMap<Uid, SavedUser> = BTreeMap::new();
    for &(uid, gid) in owners.iter().filter(|(uid, _)| !known.contains(uid)) {
        let account = Account { uid, gid, name: uid.to_string() };
        lacking.insert(uid, SavedUser { account, began: now, stopping: false, last_session: None });
    }
    for session in sessions.iter().filter(|session| !known.contains(&session.uid)) {
        let account = Account { uid: session.uid, gid: session.uid.get(), name: session.uid.to_string() };
        let none = SavedUser { account, began: session.began, stopping: false, last_session: None };
        lacking.entry(session.uid).or_insert(none);
    }
    // Somebody whom the user database does not know, or not in time, goes by the number.
    for account in sources::look_up_all(lacking.keys().copied().collect(), PATIENCE).await {
        if let Some(user) = lacking.get_mut(&account.uid) {
            user.account = account;
        }
    }
    lacking.into_values().collect()
}

fn clear_cgroups(cgroups: &Cgroups, users: &[SavedUser], sessions: &[SavedSession]) {
    let known_users: BTreeSet<Uid> = users.iter().map(|user| user.account.uid).collect();
    let known_sessions: BTreeSet<_> = sessions.iter().map(|session| (session.uid, &session.id)).collect();
    for found in cgroups.found() {
        for id in found.sessions.iter().filter(|&id| !known_sessions.contains(&(found.uid, id))) {
            if let Err(error) = cgroups.remove_scope(found.uid, id) {
                tracing::warn!(session = %id, error = %error, "cannot remove the scope of no session");
            }
        }
        if !known_users.contains(&found.uid)
            && let Err(error) = cgroups.remove_slice(found.uid)
        {
            tracing::warn!(uid = found.uid.get(), error = %error, "the slice of a user without session is kept");
        }
    }
}
