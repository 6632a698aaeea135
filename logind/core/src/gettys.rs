//! Gettys on demand: a virtual terminal that is switched to while nobody has it gets one (NAutoVTs=), another has one
//! always (ReserveVT=).
//!
//! | stage | event | next | effects |
//! |---|---|---|---|
//! | – | switched to, or reserved; no session there | Looking | look who has it |
//! | Looking | a getty has it; or somebody, and no getty of ours was there before | – | |
//! | Looking | who had it has just gone, and was not ours | Waiting, 1 s | |
//! | Looking | nobody has it | Running | start a getty |
//! | Running | it exited; shown, or reserved | Waiting, the longer the more often it ended quickly | |
//! | Running | it exited | Leaving | (not shown and no session there: free it) |
//! | Waiting, Leaving | another is shown | Leaving | (no session there: free it) |
//! | Waiting | Deadline | Looking | look who has it |
//! | Leaving | its last session is gone | – | free it |
//! | Leaving | shown, and no session there is open any more | Looking | look who has it |
//!
//! What is shown when logind starts is left to the init, which may be about to start a getty there.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use crate::close::Reach;
use crate::deadlines::Subject;
use crate::effect::{Effect, VtDeed};
use crate::event::{VtNews, VtUse};
use crate::names::{SeatId, VtNumber};
use crate::seat::Seat;
use crate::session;
use crate::switch;
use crate::time::{Moment, Span};

/// How long a getty lives that did not end quickly.
const LONG: Span = Span::seconds(10);
/// How soon the next getty comes, at first. By then the session that ended with the last one is known to have.
const FIRST_PAUSE: Span = Span::milliseconds(100);
/// How long a terminal waits for its next getty at most.
const LONGEST_PAUSE: Span = Span::seconds(30);
/// How long whoever has left a terminal may take to come back: an init that starts its next getty.
const COMING_BACK: Span = Span::seconds(1);

/// The terminals that have a getty of ours, may get one, or had one.
pub(crate) type Gettys = BTreeMap<VtNumber, Getty>;

/// What is done about the getty of one terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Getty {
    stage: Stage,
    before: Before,
    /// How long the terminal waited for its last getty.
    pause: Span,
}

impl Getty {
    /// Whether it has been started, and is not known to have ended.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self.stage, Stage::Running(_))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Looking,
    Running(Moment),
    Waiting,
    Leaving,
}

/// What is known of who was there before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    Unknown,
    /// Whoever it was has been waited for.
    WaitedFor,
    /// A getty of ours. What it left open is hung up by the next one.
    Ours,
}

/// Something happened at a terminal.
pub(crate) fn news(now: Moment, vt: VtNumber, news: VtNews, reach: &mut Reach<'_>) -> Vec<Effect> {
    match news {
        VtNews::Seen(by) => seen(now, vt, by, reach),
        VtNews::GettyExited => exited(now, vt, reach),
        VtNews::GettyFound => found(now, vt, reach),
    }
}

/// Another terminal is shown.
pub(crate) fn shown(vt: Option<VtNumber>, reach: &mut Reach<'_>) -> Vec<Effect> {
    let before = *reach.foreground;
    let mut effects = switch::show(vt, reach);
    if let Some(before) = before
        && reach.gettys.get(&before).is_some_and(|getty| matches!(getty.stage, Stage::Waiting | Stage::Leaving))
        && !is_wanted(before, reach)
    {
        effects.extend(leave(before, reach));
    }
    effects.extend(vt.map_or(Vec::new(), |vt| consider(vt, reach)));
    effects
}

/// The configuration is there, or is another: as many terminals as get gettys can be switched to by a key.
pub(crate) fn configured(reach: &mut Reach<'_>) -> Vec<Effect> {
    if !seat0(reach).is_some_and(|seat| seat.has_vts) {
        return Vec::new();
    }
    let auto = (1..=reach.policy.auto_vts).filter_map(|n| VtNumber::new(n.into()));
    let mut effects: Vec<Effect> = auto.map(|vt| Effect::Vt(vt, VtDeed::Prepare)).collect();
    effects.extend(reach.policy.reserve_vt.map_or(Vec::new(), |vt| consider(vt, reach)));
    effects
}

/// A getty that a logind before this one started lives, or did when that ended.
fn found(now: Moment, vt: VtNumber, reach: &mut Reach<'_>) -> Vec<Effect> {
    let getty = Getty { stage: Stage::Running(now), before: Before::Ours, pause: Span::default() };
    reach.gettys.insert(vt, getty);
    Vec::new()
}

/// It has been seen who has the terminal.
fn seen(now: Moment, vt: VtNumber, by: VtUse, reach: &mut Reach<'_>) -> Vec<Effect> {
    let is_needed = is_wanted(vt, reach) && !is_taken(vt, reach);
    let Some(getty) = reach.gettys.get_mut(&vt).filter(|getty| getty.stage == Stage::Looking) else {
        return Vec::new();
    };
    match (by, getty.before) {
        _ if !is_needed => leave(vt, reach),
        (VtUse::Free, _) | (VtUse::Left, Before::WaitedFor | Before::Ours) | (VtUse::Open, Before::Ours) => {
            (getty.stage, getty.before) = (Stage::Running(now), Before::Ours);
            vec![Effect::Vt(vt, VtDeed::StartGetty)]
        }
        (VtUse::Left, Before::Unknown) => {
            (getty.stage, getty.before) = (Stage::Waiting, Before::WaitedFor);
            reach.deadlines.set(Subject::Vt(vt), now + COMING_BACK);
            Vec::new()
        }
        (VtUse::Open, _) | (VtUse::Getty, _) => {
            reach.gettys.remove(&vt);
            Vec::new()
        }
    }
}

/// The terminal's getty, or the login that it became, has ended.
fn exited(now: Moment, vt: VtNumber, reach: &mut Reach<'_>) -> Vec<Effect> {
    let is_wanted = is_wanted(vt, reach);
    let Some(getty) = reach.gettys.get_mut(&vt) else { return Vec::new() };
    let Stage::Running(since) = getty.stage else { return Vec::new() };
    if !is_wanted {
        return leave(vt, reach);
    }
    let lived = now.monotonic.saturating_sub(since.monotonic);
    let longer = Span(getty.pause.0.saturating_mul(2)).clamp(FIRST_PAUSE, LONGEST_PAUSE);
    getty.pause = if lived < LONG.0 { longer } else { FIRST_PAUSE };
    getty.stage = Stage::Waiting;
    reach.deadlines.set(Subject::Vt(vt), now + getty.pause);
    Vec::new()
}

/// The terminal has waited long enough.
pub(crate) fn overdue(vt: VtNumber, reach: &mut Reach<'_>) -> Vec<Effect> {
    let is_needed = is_wanted(vt, reach) && !is_taken(vt, reach);
    match reach.gettys.get_mut(&vt).filter(|getty| getty.stage == Stage::Waiting) {
        Some(getty) if is_needed => {
            getty.stage = Stage::Looking;
            vec![Effect::Vt(vt, VtDeed::Look)]
        }
        Some(_) => leave(vt, reach),
        None => Vec::new(),
    }
}

/// A session on the terminal ends, or is gone.
pub(crate) fn session_over(vt: VtNumber, reach: &mut Reach<'_>) -> Vec<Effect> {
    match reach.gettys.get(&vt) {
        Some(getty) if getty.stage != Stage::Leaving => Vec::new(),
        Some(_) if is_wanted(vt, reach) => consider(vt, reach),
        Some(_) => leave(vt, reach),
        None => Vec::new(),
    }
}

/// A terminal may need a getty.
fn consider(vt: VtNumber, reach: &mut Reach<'_>) -> Vec<Effect> {
    if !is_wanted(vt, reach) || is_taken(vt, reach) {
        return Vec::new();
    }
    let new = || Getty { stage: Stage::Leaving, before: Before::Unknown, pause: Span::default() };
    let getty = reach.gettys.entry(vt).or_insert_with(new);
    if getty.stage != Stage::Leaving {
        return Vec::new();
    }
    getty.stage = Stage::Looking;
    vec![Effect::Vt(vt, VtDeed::Look)]
}

/// The terminal gets no getty any more. Where one of ours was, what people left on the screen goes once they have, and it is
/// not shown any more.
fn leave(vt: VtNumber, reach: &mut Reach<'_>) -> Vec<Effect> {
    reach.deadlines.clear(&Subject::Vt(vt));
    let has_sessions = seat0(reach).is_some_and(|seat| seat.on_vt.contains_key(&vt));
    let is_in_use = has_sessions || *reach.foreground == Some(vt);
    let Some(getty) = reach.gettys.get_mut(&vt) else { return Vec::new() };
    let was_ours = getty.before == Before::Ours;
    if was_ours && is_in_use {
        getty.stage = Stage::Leaving;
        return Vec::new();
    }
    reach.gettys.remove(&vt);
    if was_ours { vec![Effect::Vt(vt, VtDeed::Free)] } else { Vec::new() }
}

/// Whether the terminal is one that gets a getty now, if nobody is there.
fn is_wanted(vt: VtNumber, reach: &Reach<'_>) -> bool {
    let is_shown = *reach.foreground == Some(vt) && vt.get() <= reach.policy.auto_vts;
    let has_vts = seat0(reach).is_some_and(|seat| seat.has_vts);
    has_vts && (is_shown || reach.policy.reserve_vt == Some(vt))
}

/// Whether a session has the terminal that does not end yet.
fn is_taken(vt: VtNumber, reach: &Reach<'_>) -> bool {
    let there = seat0(reach).and_then(|seat| seat.on_vt.get(&vt));
    let is_alive = |id| reach.sessions.get(id).is_some_and(|s| s.stage != session::Stage::Closing);
    there.is_some_and(|ids| ids.iter().any(is_alive))
}

fn seat0<'a>(reach: &'a Reach<'_>) -> Option<&'a Seat> {
    reach.seats.get(&SeatId::seat0())
}
