//! A user's state file, both ways: `/run/systemd/users/UID`.

use logind_core::Core;
use logind_core::event::SavedUser;
use logind_core::login::Account;
use logind_core::names::Uid;
use logind_core::session::{Session, Stage};
use logind_core::time::Moment;
use logind_core::user::User;

use super::session::{moment, number};
use super::text::{Broken, Fields, List, Writer};

/// How many bytes a session takes in a list, about.
const USUAL: usize = 8;

/// What a user's file says, in systemd's keys and order; at the end what only we read.
pub(super) fn write(core: &Core, user: &User, boot: &str) -> Vec<u8> {
    let sessions = Sessions::of(core, user);
    let mut file = Writer::with_lists(sessions.bytes());
    file.text("NAME", &user.account().name)
        .plain("STATE", core.user_state(user).name())
        .plain("STOPPING", if user.is_stopping() { "yes" } else { "no" })
        .plain("GC_MODE", "pin")
        .plain("RUNTIME", format_args!("{}/{}", logind_api::USER_RUNTIME_BASE, user.uid()))
        .optional("DISPLAY", user.display())
        .plain("REALTIME", user.began().realtime)
        .plain("MONOTONIC", user.began().monotonic)
        .optional("LAST_SESSION_TIMESTAMP", user.last_session().map(|last| last.monotonic));
    if !user.sessions().is_empty() {
        sessions.write(&mut file);
    }
    file.plain("GID", user.account().gid)
        .optional("LAST_SESSION_REALTIME", user.last_session().map(|last| last.realtime))
        .plain("BOOT_ID", boot);
    file.into_bytes()
}

/// Which sessions a user has, which of them are in front, which can come there, and on which seats (sd-login(3)): found
/// in one pass, for they can be thousands.
struct Sessions {
    all: Listed,
    active: Listed,
    online: Listed,
}

/// Some of the sessions, and their seats.
struct Listed {
    sessions: List,
    seats: List,
}

impl Sessions {
    fn of(core: &Core, user: &User) -> Self {
        let room = || Listed { sessions: List::with_capacity(user.sessions().len() * USUAL), seats: List::default() };
        let mut sessions = Self { all: room(), active: room(), online: room() };
        for session in core.sessions_of(user) {
            sessions.all.push(session);
            if core.is_active(session) {
                sessions.active.push(session);
            }
            if session.stage() != Stage::Closing {
                sessions.online.push(session);
            }
        }
        sessions
    }

    fn bytes(&self) -> usize {
        self.all.sessions.len() + self.active.sessions.len() + self.online.sessions.len()
    }

    fn write(&self, file: &mut Writer) {
        file.list("SESSIONS", &self.all.sessions)
            .list("SEATS", &self.all.seats)
            .list("ACTIVE_SESSIONS", &self.active.sessions)
            .list("ONLINE_SESSIONS", &self.online.sessions)
            .list("ACTIVE_SEATS", &self.active.seats)
            .list("ONLINE_SEATS", &self.online.seats);
    }
}

impl Listed {
    fn push(&mut self, session: &Session) {
        self.sessions.push(session.id().as_bytes());
        if let Some(seat) = session.seat() {
            self.seats.push(seat.as_str().as_bytes());
        }
    }
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
