//! One line that is kept, and what becomes of it: down, with a prompt on it, or held by whoever answered.

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::event::epoll::{self, EventData, EventFlags};
use rustix::io::Errno;
use tracing::{info, warn};
use utmp::Files;

use super::backoff::Backoff;
use super::entry::{Entry, Status};
use super::holder::{Fork, Holder};
use super::prompted::Prompted;
use super::register::Register;
use super::visit::Visit;
use crate::arguments::Options;
use crate::deadline::Deadline;
use crate::end::End;
use crate::line::LineName;
use crate::{presence, records};

/// What every line needs.
#[derive(Debug)]
pub(crate) struct Context {
    /// Where descriptors are waited for.
    pub(crate) epoll: OwnedFd,
    /// utmp and wtmp.
    pub(crate) files: Files,
    /// Who was let onto which line; none if there is no place for it.
    pub(crate) register: Option<Register>,
}

/// One line that is kept.
#[derive(Debug)]
pub(crate) struct Post {
    /// What its descriptor is known by, where it is waited for; never another's.
    id: u64,
    entry: Entry,
    state: State,
    backoff: Backoff,
    /// What the log was told last of a line that cannot be used.
    complaint: String,
    /// Whether it could not even be opened when it was tried last.
    awaits_device: bool,
    /// Whether a reload took the line away while somebody was there.
    is_dismissed: bool,
}

#[derive(Debug)]
enum State {
    /// Nothing is open; tried again then.
    Down(Deadline),
    /// Somebody may type.
    Prompting(Box<Prompted>),
    /// Somebody is there; whether they came by a key at the prompt, and not by themselves.
    Held { holder: Holder, since: Instant, is_answer: bool },
}

/// What became of a line that was attended to.
#[derive(Debug)]
pub(crate) enum Turn {
    /// It is as it should be.
    Kept,
    /// It was dismissed, and nobody is there any more.
    Over,
    /// This process is the child now, and all it has to do is this.
    Child(Box<Visit>),
}

impl Post {
    /// A line that is to be opened as soon as it is attended to.
    pub(crate) fn new(id: u64, entry: Entry, now: Instant) -> Self {
        let state = State::Down(Deadline::after(now, delay(&entry)));
        let (backoff, complaint) = (Backoff::default(), String::new());
        Self { id, entry, state, backoff, complaint, awaits_device: false, is_dismissed: false }
    }

    /// What its descriptor is known by.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// The line.
    pub(crate) fn line(&self) -> &LineName {
        &self.entry.line
    }

    /// When it is to be attended to without an event.
    pub(crate) fn due(&self) -> Deadline {
        match &self.state {
            State::Down(due) => *due,
            _ => Deadline::NEVER,
        }
    }

    /// Whether its device may come to be there or to be of use.
    pub(crate) fn awaits_device(&self) -> bool {
        matches!(self.state, State::Down(_)) && self.awaits_device
    }

    /// Its device has changed: it is tried soon, however long it was to wait; but no sooner than that whoever makes devices
    /// change cannot keep this process busy.
    pub(crate) fn device_changed(&mut self, now: Instant) {
        if let State::Down(due) = &mut self.state {
            *due = due.min(Deadline::after(now, SOON));
        }
    }

    /// Sees what has happened on the line, and does what it calls for.
    ///
    /// # Errors
    /// If the line can no longer be waited for.
    pub(crate) fn attend(&mut self, context: &Context, now: Instant) -> Result<Turn, Errno> {
        match &self.state {
            State::Down(due) if due.has_come(now) => self.open(context, now),
            State::Down(_) => Ok(Turn::Kept),
            State::Prompting(_) => self.attend_prompt(context, now),
            State::Held { holder, .. } if holder.has_ended() => self.succeed(context, now),
            State::Held { .. } => Ok(Turn::Kept),
        }
    }

    /// Opens the line and prompts, unless somebody is there or it is not to be open now.
    fn open(&mut self, context: &Context, now: Instant) -> Result<Turn, Errno> {
        self.awaits_device = false;
        if self.entry.status == Status::IfConsole && !presence::is_console(self.line()) {
            self.state = State::Down(Deadline::NEVER); // the kernel's consoles change with a boot; a reload asks again
            return Ok(Turn::Kept);
        }
        if let Some(holder) = Holder::found(self.line(), context.register.as_ref(), &context.files) {
            info!(line = self.line().as_str(), pid = holder.pid(), "somebody is on the line: waiting for their end");
            return self.hold(context, holder, true, now).map(|()| Turn::Kept);
        }
        match Prompted::open(&self.entry, &context.files, now) {
            Ok(prompted) if prompted.has_prompt() => {
                self.complaint.clear();
                epoll::add(&context.epoll, &prompted, EventData::new_u64(self.id), prompted.interest())?;
                self.state = State::Prompting(Box::new(prompted));
                Ok(Turn::Kept)
            }
            Ok(prompted) => self.visit(context, prompted, now),
            Err(end) => {
                self.fail(&end, context, now);
                Ok(Turn::Kept)
            }
        }
    }

    fn attend_prompt(&mut self, context: &Context, now: Instant) -> Result<Turn, Errno> {
        let State::Prompting(prompt) = &mut self.state else { return Ok(Turn::Kept) };
        let seen = prompt.look();
        let is_typed = seen.contains(PollFlags::IN);
        let is_over = seen.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
            || (is_typed && prompt.is_hung_up())
            || (!is_typed && seen.contains(PollFlags::OUT) && prompt.write().is_err());
        if is_over {
            epoll::delete(&context.epoll, &**prompt)?;
            let wait = self.backoff.after(now.saturating_duration_since(prompt.since()));
            return self.rest_for(wait, context, now);
        }
        if is_typed {
            epoll::delete(&context.epoll, &**prompt)?;
            let down = State::Down(Deadline::after(now, Duration::ZERO));
            let State::Prompting(prompt) = std::mem::replace(&mut self.state, down) else { return Ok(Turn::Kept) };
            return self.visit(context, *prompt, now);
        }
        epoll::modify(&context.epoll, &**prompt, EventData::new_u64(self.id), prompt.interest())?;
        Ok(Turn::Kept)
    }

    /// Gives the line to a child of its own.
    fn visit(&mut self, context: &Context, prompted: Prompted, now: Instant) -> Result<Turn, Errno> {
        match Holder::fork() {
            Ok(Fork::Child(gate)) => Ok(Turn::Child(Box::new(prompted.visit(self.entry.arguments.clone(), gate)))),
            Ok(Fork::Parent(holder, word)) => {
                let is_answer = prompted.has_prompt();
                drop(prompted); // while the child still has it: whoever closes a stopped line last may have to wait
                self.note(context, &holder);
                self.hold(context, holder, is_answer, now)?;
                if let Err(error) = rustix::io::write(&word, b"!") {
                    warn!(line = self.line().as_str(), %error, "the line's process was killed before it began");
                }
                Ok(Turn::Kept)
            }
            Err(error) => {
                warn!(line = self.line().as_str(), %error, "cannot start a process for the line");
                prompted.let_go();
                self.state = State::Down(Deadline::after(now, self.backoff.after_failure()));
                Ok(Turn::Kept)
            }
        }
    }

    /// Shows the issue again if it reads differently now and nobody has typed.
    ///
    /// # Errors
    /// If the line can no longer be waited for.
    pub(crate) fn refresh(&mut self, context: &Context) -> Result<(), Errno> {
        let State::Prompting(prompt) = &mut self.state else { return Ok(()) };
        if prompt.refresh(&self.entry.arguments, &context.files) {
            epoll::modify(&context.epoll, &**prompt, EventData::new_u64(self.id), prompt.interest())?;
        }
        Ok(())
    }

    /// What the issue of its prompt is made of, if it has one.
    pub(crate) fn prompting_with(&self) -> Option<&Options> {
        matches!(self.state, State::Prompting(_)).then_some(&self.entry.arguments.options)
    }

    /// Notes whom the line was given to. Without a note utmp may still tell, once somebody has logged in.
    fn note(&self, context: &Context, holder: &Holder) {
        if let (Some(register), Some(who)) = (&context.register, holder.identity())
            && let Err(error) = register.note(self.line(), who)
        {
            warn!(line = self.line().as_str(), %error, "a keeper after this one may not find who is on the line");
        }
    }

    fn hold(&mut self, context: &Context, holder: Holder, is_answer: bool, now: Instant) -> Result<(), Errno> {
        epoll::add(&context.epoll, &holder, EventData::new_u64(self.id), EventFlags::IN)?;
        self.complaint.clear();
        self.state = State::Held { holder, since: now, is_answer };
        Ok(())
    }

    /// Whoever was on the line is gone.
    fn succeed(&mut self, context: &Context, now: Instant) -> Result<Turn, Errno> {
        let State::Held { holder, since, is_answer } = &self.state else { return Ok(Turn::Kept) };
        epoll::delete(&context.epoll, holder)?;
        let (status, lasted) = (holder.reap(), now.saturating_duration_since(*since));
        let was_login = *is_answer && records::was_login(holder.pid(), self.line(), &context.files);
        if let Some(Err(error)) = context.register.as_ref().map(|register| register.clear(self.line())) {
            warn!(line = self.line().as_str(), %error, "the note of who was on the line stays");
        }
        if self.is_dismissed {
            records::vacate(self.line(), &context.files);
            return Ok(Turn::Over);
        }
        let wait = if was_login { self.backoff.make_good() } else { self.backoff.after(lasted) };
        if !wait.is_zero() {
            let seconds = wait.as_secs();
            warn!(line = self.line().as_str(), status, seconds, "logins end as soon as they began: the line waits");
        }
        self.rest_for(wait.max(LAST_WORDS).max(delay(&self.entry)), context, now)
    }

    /// Opens the line again after `wait`.
    fn rest_for(&mut self, wait: Duration, context: &Context, now: Instant) -> Result<Turn, Errno> {
        self.state = State::Down(Deadline::after(now, wait));
        if wait.is_zero() { self.open(context, now) } else { Ok(Turn::Kept) }
    }

    /// The line cannot be used now. The log is told once, and nothing of a device that need not be there.
    fn fail(&mut self, end: &End, context: &Context, now: Instant) {
        let complaint = end.to_string();
        if complaint != self.complaint && (self.entry.status != Status::IfExists || !end.is_absence()) {
            warn!(line = self.line().as_str(), "{complaint}");
        }
        if self.complaint.is_empty() {
            records::vacate(self.line(), &context.files);
        }
        self.complaint = complaint;
        self.awaits_device = end.is_of_device();
        self.state = State::Down(Deadline::after(now, self.backoff.after_failure()));
    }

    /// Keeps the line as `entry` says from here on. Whoever is there stays; a prompt is made anew if it is another.
    pub(crate) fn keep_as(&mut self, entry: Entry, context: &Context, now: Instant) -> Result<(), Errno> {
        let is_same = self.entry == entry;
        self.entry = entry;
        self.is_dismissed = false;
        match &self.state {
            State::Prompting(_) if is_same => {}
            State::Held { .. } => {}
            _ => {
                self.withdraw(context)?;
                self.backoff = Backoff::default();
                self.complaint.clear();
                self.awaits_device = false;
                self.state = State::Down(Deadline::after(now, Duration::ZERO));
            }
        }
        Ok(())
    }

    /// Takes the line out of keeping: a prompt goes at once, whoever only has one with it; a login stays, and the line goes
    /// with its end.
    pub(crate) fn dismiss(&mut self, context: &Context) -> Result<Turn, Errno> {
        self.is_dismissed = true;
        match &self.state {
            State::Held { holder, .. } => {
                self.send_away(holder);
                Ok(Turn::Kept)
            }
            State::Down(_) | State::Prompting(_) => self.withdraw(context).map(|()| Turn::Over),
        }
    }

    /// Asks a process that still waits for a name to end.
    fn send_away(&self, holder: &Holder) {
        if holder.is_asking()
            && let Err(error) = holder.end()
        {
            warn!(line = self.line().as_str(), %error, "whoever is asked for a name there stays");
        }
    }

    /// This process ends: a prompt goes, whoever is there stays.
    pub(crate) fn leave(&mut self, context: &Context) -> Result<(), Errno> {
        if let State::Held { holder, .. } = &self.state {
            self.send_away(holder);
        }
        self.withdraw(context)
    }

    /// Takes the prompt away, and its record; the line is as it was found.
    fn withdraw(&mut self, context: &Context) -> Result<(), Errno> {
        let State::Prompting(_) = &self.state else { return Ok(()) };
        let State::Prompting(prompt) = std::mem::replace(&mut self.state, State::Down(Deadline::NEVER)) else {
            return Ok(());
        };
        epoll::delete(&context.epoll, &*prompt)?;
        prompt.let_go();
        records::vacate(self.line(), &context.files);
        Ok(())
    }
}

/// How long a line is left as it is after somebody: the hang-up before the next prompt drops what the terminal has not been
/// sent yet, and login's last words say why it ended.
const LAST_WORDS: Duration = Duration::from_millis(250);

/// A device is looked at again so soon after it changed.
const SOON: Duration = Duration::from_secs(1);

/// How long a line is left alone before it is opened (`--delay`).
fn delay(entry: &Entry) -> Duration {
    entry.arguments.options.delay.unwrap_or_default()
}
