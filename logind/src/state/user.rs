//! A user's state file, both ways: `/run/systemd/users/UID`.

use std::ops::Range;

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
        .word("STATE", core.user_state(user).name())
        .word("STOPPING", if user.is_stopping() { "yes" } else { "no" })
        .word("GC_MODE", "pin")
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
        .word("BOOT_ID", boot);
    file.into_bytes()
}

/// Which sessions a user has, which of them are in front, which can come there, and on which seats (sd-login(3)): found
/// in one pass, for they can be thousands, of which few are not in all three lists.
#[derive(Default)]
struct Sessions {
    names: List,
    all: Part,
    active: Part,
    online: Part,
}

/// Some of the sessions: where in the list of their names the others stand, and their seats.
#[derive(Default)]
struct Part {
    others: Vec<Range<usize>>,
    seats: List,
}

impl Sessions {
    fn of(core: &Core, user: &User) -> Self {
        let names = List::with_capacity(user.sessions().len() * USUAL);
        let mut sessions = Self { names, ..Self::default() };
        for session in core.sessions_of(user) {
            let place = sessions.names.push(session.id().as_bytes());
            sessions.all.note(true, session, &place);
            sessions.active.note(core.is_active(session), session, &place);
            sessions.online.note(session.stage() != Stage::Closing, session, &place);
        }
        sessions
    }

    fn bytes(&self) -> usize {
        self.names.len() * 3
    }

    fn write(&self, file: &mut Writer) {
        file.list("SESSIONS", &self.names)
            .list("SEATS", &self.all.seats)
            .list_without("ACTIVE_SESSIONS", &self.names, &self.active.others)
            .list_without("ONLINE_SESSIONS", &self.names, &self.online.others)
            .list("ACTIVE_SEATS", &self.active.seats)
            .list("ONLINE_SEATS", &self.online.seats);
    }
}

impl Part {
    fn note(&mut self, is_in: bool, session: &Session, place: &Range<usize>) {
        if !is_in {
            self.others.push(place.clone());
        } else if let Some(seat) = session.seat() {
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
