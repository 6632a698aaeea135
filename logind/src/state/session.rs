//! A session's state file, both ways: `/run/systemd/sessions/ID`.

use std::path::Path;

use logind_core::Core;
use logind_core::event::{SavedSession, SavedStage};
use logind_core::leader::Leader;
use logind_core::names::{Class, SeatId, SessionId, Type, VtNumber};
use logind_core::session::Session;
use logind_core::time::Moment;

use super::text::{Broken, Fields, Writer};
use crate::effects::life_line;
use crate::processes;

/// What a session's file in `folder` says, in systemd's keys and order; at the end what only we read.
pub(super) fn write(core: &Core, session: &Session, folder: &Path, boot: &str) -> Vec<u8> {
    let user = core.user(session.uid());
    let is_display = user.and_then(|user| user.display()) == Some(session.id());
    let began = session.began();
    let mut file = Writer::new();
    file.plain("UID", session.uid())
        .text("USER", user.map_or("", |user| &user.account().name))
        .flag("ACTIVE", core.is_active(session))
        .flag("IS_DISPLAY", is_display)
        .word("STATE", core.session_state(session).name())
        .flag("REMOTE", session.is_remote())
        .flag("LEADER_FD_SAVED", false)
        .word("TYPE", session.kind().name())
        .word("ORIGINAL_TYPE", session.original_kind().name())
        .word("CLASS", session.class().name());
    if session.class().has_scope() {
        file.plain("SCOPE", format_args!("session-{}.scope", session.id()));
    }
    file.plain("FIFO", format_args!("{}/{}", folder.display(), life_line::name(session.id())))
        .optional("SEAT", session.seat())
        .text("TTY", session.tty())
        .optional("TTY_VALIDITY", (!session.tty().is_empty()).then_some("from-pam"))
        .text("DISPLAY", session.display())
        .text("REMOTE_HOST", session.remote_host())
        .text("REMOTE_USER", session.remote_user())
        .text("SERVICE", session.service())
        .text("DESKTOP", session.desktop())
        .optional("VTNR", session.vt().map(VtNumber::get))
        .plain("LEADER", session.leader().pid)
        .optional("LEADER_PIDFDID", session.leader().pidfs_id)
        .optional("AUDIT", session.audit())
        .plain("REALTIME", began.realtime)
        .plain("MONOTONIC", began.monotonic);
    write_own(&mut file, session, boot);
    file.into_bytes()
}

fn write_own(file: &mut Writer, session: &Session, boot: &str) {
    let idle = session.idle();
    file.plain("LEADER_START_TIME", session.leader().start_time)
        .flag("LOCKED_HINT", session.is_locked())
        .flag("IDLE_HINT", idle.is_idle)
        .plain("IDLE_SINCE_HINT", idle.since.realtime)
        .plain("IDLE_SINCE_HINT_MONOTONIC", idle.since.monotonic)
        .flag("ANNOUNCED", session.is_announced())
        .optional("TELL_AT", session.tell_at().map(|at| at.realtime))
        .optional("TELL_AT_MONOTONIC", session.tell_at().map(|at| at.monotonic))
        .optional("KILL_AT", session.kill_at().map(|at| at.realtime))
        .optional("KILL_AT_MONOTONIC", session.kill_at().map(|at| at.monotonic))
        .word("BOOT_ID", boot);
}

/// What the file of session `id` says.
///
/// # Errors
/// The first thing in it that cannot be.
pub(super) fn read(id: SessionId, bytes: &[u8], boot: &str) -> Result<SavedSession, Broken> {
    let fields = Fields::parse(bytes)?;
    if fields.text("BOOT_ID") != boot {
        return Err(Broken::OtherBoot);
    }
    let kind = fields.required("TYPE", Type::from_name)?;
    Ok(SavedSession {
        id,
        uid: fields.required("UID", processes::parse_uid)?,
        stage: stage(&fields)?,
        leader: leader(&fields)?,
        service: fields.text("SERVICE"),
        kind,
        original_kind: fields.optional("ORIGINAL_TYPE", Type::from_name)?.unwrap_or(kind),
        class: fields.required("CLASS", Class::from_name)?,
        desktop: fields.text("DESKTOP"),
        seat: fields.optional("SEAT", SeatId::new)?,
        vt: fields.optional("VTNR", |text| text.parse().ok().and_then(VtNumber::new))?,
        tty: fields.text("TTY"),
        display: fields.text("DISPLAY"),
        remote: fields.flag("REMOTE")?,
        remote_user: fields.text("REMOTE_USER"),
        remote_host: fields.text("REMOTE_HOST"),
        audit: fields.optional("AUDIT", number)?,
        began: moment(&fields, "REALTIME", "MONOTONIC")?,
        locked: fields.flag("LOCKED_HINT")?,
        idle: fields.flag("IDLE_HINT")?,
        idle_since: moment(&fields, "IDLE_SINCE_HINT", "IDLE_SINCE_HINT_MONOTONIC")?,
        tell_at: Some(moment(&fields, "TELL_AT", "TELL_AT_MONOTONIC")?).filter(|at| *at != Moment::default()),
        kill_at: Some(moment(&fields, "KILL_AT", "KILL_AT_MONOTONIC")?).filter(|at| *at != Moment::default()),
    })
}

fn leader(fields: &Fields) -> Result<Leader, Broken> {
    Ok(Leader {
        pid: fields.required("LEADER", |text| number(text).filter(|&pid: &u32| pid > 1))?,
        start_time: fields.required("LEADER_START_TIME", number)?,
        pidfs_id: fields.optional("LEADER_PIDFDID", number)?,
    })
}

fn stage(fields: &Fields) -> Result<SavedStage, Broken> {
    let is_announced = fields.flag("ANNOUNCED")?;
    fields.required("STATE", |name| {
        Some(match name {
            "opening" => SavedStage::Opening,
            "online" | "active" => SavedStage::Open,
            "closing" if is_announced => SavedStage::Closing,
            "closing" => SavedStage::Undone,
            _ => return None,
        })
    })
}

/// The instant that two keys name, one for each clock; an absent one is zero.
pub(super) fn moment(fields: &Fields, realtime: &'static str, monotonic: &'static str) -> Result<Moment, Broken> {
    Ok(Moment {
        realtime: fields.optional(realtime, number)?.unwrap_or_default(),
        monotonic: fields.optional(monotonic, number)?.unwrap_or_default(),
    })
}

/// A number in decimal.
pub(super) fn number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))
}
