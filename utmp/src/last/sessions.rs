//! Who came and went: the records of a history, read from the last to the first, become logins with their ends.
//!
//! A logout is met before its login. So what is kept is when each line was last given up, and when the system last came up
//! and went down; a login then finds its end there. The rules are those of util-linux's last.

use super::given_up::GivenUp;
use crate::turn::Turn;
use crate::view::View;

/// What an entry of the list is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum What {
    /// Somebody was logged in.
    Login,
    /// The system came up.
    Boot,
    /// The system went down.
    Shutdown,
    /// The run level changed to this one.
    RunLevel(u8),
    /// The clock was set: the time before.
    OldTime,
    /// The clock was set: the time after.
    NewTime,
    /// A login was refused.
    Refused,
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// As it should: by a logout, or what ends a boot or a run level.
    Normal,
    /// The system was shut down.
    Down,
    /// The system came up again without having gone down.
    Crash,
    /// There is no end yet; whether the session is still there is for the reader to find out.
    Open,
    /// An instant has no end.
    Instant,
}

/// An entry of the list.
pub(crate) struct Entry<'e> {
    pub(crate) what: What,
    pub(crate) view: View<'e>,
    pub(crate) end: End,
    /// When it ended, in seconds; 0 if that is not known.
    pub(crate) until: i64,
    /// Of a boot: when the system came up again, if it had not gone down before.
    pub(crate) crashed: Option<i64>,
}

/// What is known of the time after the record that is read next.
#[derive(Clone)]
pub(crate) struct Sessions {
    given_up: GivenUp,
    last_boot: i64,
    last_down: i64,
    last_run_level: i64,
    why_down: End,
}

impl Sessions {
    /// Nothing is known; it is `now`.
    pub(crate) fn until(now: i64) -> Self {
        Self { given_up: GivenUp::new(), last_boot: 0, last_down: now, last_run_level: now, why_down: End::Open }
    }

    /// Takes in the record before, and tells what it says, if it is of interest. `strange` is told of a type that is none.
    #[inline]
    pub(crate) fn before<'e>(&mut self, view: View<'e>, strange: impl FnOnce(i16)) -> Option<Entry<'e>> {
        let seconds = view.seconds();
        let entry = |what, end, until| Some(Entry { what, view, end, until, crashed: None });
        match meaning(&view) {
            Meaning::Login => {
                let names_line = view.line_field()[0] != 0;
                let end = names_line.then(|| self.given_up.insert(&view, seconds)).flatten();
                let (end, until) = match end {
                    Some(until) => (End::Normal, until),
                    None if self.last_boot == 0 => (End::Open, 0),
                    None => (self.why_down, self.last_boot),
                };
                entry(What::Login, end, until)
            }
            Meaning::Logout => {
                if view.line_field()[0] != 0 {
                    self.given_up.insert(&view, seconds);
                }
                None
            }
            Meaning::Boot => {
                let crashed = (self.last_boot != 0 && self.why_down == End::Crash).then_some(self.last_boot);
                let told = entry(What::Boot, End::Normal, self.last_down).map(|boot| Entry { crashed, ..boot });
                self.went_down(seconds, End::Crash);
                told
            }
            Meaning::Shutdown => {
                let told = entry(What::Shutdown, End::Normal, self.last_boot);
                (self.last_down, self.last_run_level) = (seconds, seconds);
                self.went_down(seconds, End::Down);
                told
            }
            Meaning::RunLevel(level) => {
                let told = entry(What::RunLevel(level), End::Normal, self.last_run_level);
                if matches!(level, b'0' | b'6') {
                    self.last_down = seconds;
                    self.went_down(seconds, End::Down);
                }
                self.last_run_level = seconds;
                told
            }
            Meaning::OldTime => entry(What::OldTime, End::Instant, self.last_down),
            Meaning::NewTime => entry(What::NewTime, End::Instant, self.last_down),
            Meaning::Nothing => None,
            Meaning::Strange(kind) => {
                strange(kind);
                None
            }
        }
    }

    fn went_down(&mut self, seconds: i64, why: End) {
        self.last_boot = seconds;
        self.why_down = why;
        self.given_up.clear();
    }
}

enum Meaning {
    Login,
    Logout,
    Boot,
    Shutdown,
    RunLevel(u8),
    OldTime,
    NewTime,
    Nothing,
    Strange(i16),
}

/// What a record means: its type, corrected by what old programs write, which do not fill it in.
fn meaning(view: &View<'_>) -> Meaning {
    let (line, user) = (view.line_field(), view.user_field());
    if line[0] == b'~' || (line[0] == 0 && user[0] == 0) {
        return match Turn::of_view(view) {
            Some(Turn::Up) => Meaning::Boot,
            Some(Turn::Down) => Meaning::Shutdown,
            None if user.starts_with(b"runlevel") => run_level(view),
            None if line[0] == b'~' => by_type(view),
            None => Meaning::Logout,
        };
    }
    if user.starts_with(b"date") && matches!(line[0], b'|' | b'{') {
        return if line[0] == b'|' { Meaning::OldTime } else { Meaning::NewTime };
    }
    match view.kind() {
        _ if user[0] == 0 => Meaning::Logout,
        8 => Meaning::Logout,
        _ if line[0] != 0 && !user.starts_with(b"LOGIN") => Meaning::Login,
        _ => by_type(view),
    }
}

fn by_type(view: &View<'_>) -> Meaning {
    match view.kind() {
        0 | 5 | 6 | 9 => Meaning::Nothing,
        1 => run_level(view),
        2 => Meaning::Boot,
        3 => Meaning::NewTime,
        4 => Meaning::OldTime,
        7 => Meaning::Login,
        8 => Meaning::Logout,
        // The number util-linux has for a shutdown inside.
        254 => Meaning::Shutdown,
        kind => Meaning::Strange(kind),
    }
}

fn run_level(view: &View<'_>) -> Meaning {
    let [.., level] = view.pid().to_be_bytes();
    Meaning::RunLevel(level)
}
