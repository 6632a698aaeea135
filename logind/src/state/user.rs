//! A user's state file, both ways: `/run/systemd/users/UID`.

use logind_core::Core;
use logind_core::event::SavedUser;
use logind_core::login::Account;
use logind_core::names::{SeatId, Uid};
use logind_core::session::{Session, SessionState};
use logind_core::time::Moment;
use logind_core::user::User;

use super::session::{moment, number};
use super::text::{Broken, Fields, Writer};

/// What a user's file says, in systemd's keys and order; at the end what only we read.
pub(super) fn write(core: &Core, user: &User, boot: &str) -> String {
    let mut file = Writer::new();
    file.text("NAME", &user.account().name)
        .plain("STATE", core.user_state(user).name())
        .plain("STOPPING", if user.is_stopping() { "yes" } else { "no" })
        .plain("GC_MODE", "pin")
        .plain("RUNTIME", format_args!("{}/{}", logind_api::USER_RUNTIME_BASE, user.uid()))
        .optional("DISPLAY", user.display())
        .plain("REALTIME", user.began().realtime)
        .plain("MONOTONIC", user.began().monotonic)
        .optional("LAST_SESSION_TIMESTAMP", user.last_session().map(|last| last.monotonic));
    write_sessions(&mut file, core, user);
    file.plain("GID", user.account().gid)
        .optional("LAST_SESSION_REALTIME", user.last_session().map(|last| last.realtime))
        .plain("BOOT_ID", boot);
    file.into_text()
}

/// Which sessions the user has, which of them are in front, which can come there, and on which seats (sd-login(3)).
fn write_sessions(file: &mut Writer, core: &Core, user: &User) {
    let sessions = core.sessions_of(user);
    if sessions.is_empty() {
        return;
    }
    let any = |_: &Session| true;
    let active = |session: &Session| core.is_active(session);
    let online = |session: &Session| core.session_state(session) != SessionState::Closing;
    file.list("SESSIONS", ids(&sessions, any))
        .list("SEATS", seats(&sessions, any))
        .list("ACTIVE_SESSIONS", ids(&sessions, active))
        .list("ONLINE_SESSIONS", ids(&sessions, online))
        .list("ACTIVE_SEATS", seats(&sessions, active))
        .list("ONLINE_SEATS", seats(&sessions, online));
}

fn ids<'a>(sessions: &[&'a Session], keep: impl Fn(&Session) -> bool) -> impl Iterator<Item = &'a str> {
    sessions.iter().filter(move |session| keep(session)).map(|session| session.id().as_str())
}

fn seats<'a>(sessions: &[&'a Session], keep: impl Fn(&Session) -> bool) -> impl Iterator<Item = &'a str> {
    sessions.iter().filter(move |session| keep(session)).filter_map(|session| session.seat()).map(SeatId::as_str)
}

/// What the file of user `uid` says.
///
/// # Errors
/// The first thing in it that cannot be.
pub(super) fn read(uid: Uid, bytes: &[u8], boot: &str) -> Result<SavedUser, Broken> {
    let fields = Fields::parse(bytes)?;
    if fields.text("BOOT_ID") != boot {
        return Err(Broken::OtherBoot);
    }
    let name = fields.required("NAME", |name| Some(name.to_owned()))?;
    let last_session = moment(&fields, "LAST_SESSION_REALTIME", "LAST_SESSION_TIMESTAMP")?;
    Ok(SavedUser {
        account: Account { uid, gid: fields.required("GID", number)?, name },
        began: moment(&fields, "REALTIME", "MONOTONIC")?,
        stopping: fields.flag("STOPPING")?,
        last_session: (last_session != Moment::default()).then_some(last_session),
    })
}
