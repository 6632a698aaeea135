//! The keeper's loop: it waits for whatever happens on any line, attends to it, and never to one at another's cost.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use thiserror::Error;
use tracing::{info, warn};
use utmp::Files;

use super::devices::{Devices, News};
use super::issues::Issues;
use super::post::{Context, Post, Turn};
use super::program::Program;
use super::readiness::Readiness;
use super::register::Register;
use super::reload::Wish;
use super::signals::{Signals, Will};
use super::sys;
use super::visit::Visit;
use crate::arguments::Keeping;
use crate::end::End;
use crate::line::LineName;
use crate::{login, paths, terminal};

/// Why keeping ended.
#[derive(Debug)]
pub(crate) enum Over {
    /// It was asked to.
    Asked,
    /// It goes on in the parent. This is a child, with a line of its own.
    Child(Box<Visit>),
}

/// Why lines cannot be kept any longer. Logins live on, and whoever keeps the lines next finds them.
#[derive(Debug, Error)]
pub(crate) enum Unkept {
    /// This process cannot be made one that keeps lines.
    #[error("cannot prepare to keep lines: {0}")]
    Preparation(#[source] io::Error),
    /// The system has no room for one more thing to wait for.
    #[error("cannot wait for what happens on the lines: {0}")]
    Waiting(#[from] Errno),
}

/// Keeps lines until it is asked to end; comes back in each child too.
///
/// # Errors
/// If the lines cannot be kept, or no longer.
pub(crate) fn keep(keeping: &Keeping) -> Result<Over, Unkept> {
    let readiness = who_waits(keeping);
    detach().map_err(Unkept::Preparation)?;
    let signals = Signals::begin().map_err(Unkept::Preparation)?;
    let context = Context { epoll: epoll::create(CreateFlags::CLOEXEC)?, files: Files::system(), register: register() };
    Keeper {
        keeping,
        context,
        signals,
        readiness,
        devices: None,
        issues: Issues::default(),
        program: Program::own(wait_without_program as *const () as usize),
        posts: Vec::new(),
        next_id: FIRST_POST,
    }
    .run()
}

/// What a descriptor that became ready is: a signal, a device, an issue, or the line of this number.
const SIGNAL: u64 = 0;
const DEVICE: u64 = 1;
const ISSUE: u64 = 2;
const FIRST_POST: u64 = 3;

/// A wait that is longer gives memory back.
const SHORT: Duration = Duration::from_secs(1);

struct Keeper<'a> {
    keeping: &'a Keeping,
    context: Context,
    signals: Signals,
    readiness: Readiness,
    devices: Option<Devices>,
    issues: Issues,
    program: Program,
    posts: Vec<Post>,
    next_id: u64,
}

impl Keeper<'_> {
    fn run(mut self) -> Result<Over, Unkept> {
        self.wait_for(SIGNAL, &self.signals)?;
        self.read_wish(Instant::now())?;
        if let Some(child) = self.attend_all()? {
            return Ok(Over::Child(child));
        }
        self.readiness.ready();
        let mut ready = Vec::with_capacity(16);
        loop {
            self.wait(&mut ready)?;
            for event in ready.drain(..) {
                let child = match event.data.u64() {
                    SIGNAL => match self.signals.asked() {
                        Some(Will::End) => return self.end(),
                        Some(Will::Reload) => self.reload()?,
                        None => None,
                    },
                    DEVICE => {
                        self.hear_of_devices();
                        None
                    }
                    ISSUE => {
                        self.issues.take(Instant::now());
                        None
                    }
                    id => self.attend(id)?,
                };
                if let Some(child) = child {
                    return Ok(Over::Child(child));
                }
            }
            if let Some(child) = self.attend_all()? {
                return Ok(Over::Child(child));
            }
        }
    }

    /// Waits until something happens, or a line is due.
    fn wait(&mut self, ready: &mut Vec<epoll::Event>) -> Result<(), Errno> {
        self.watch_devices()?;
        self.watch_issues()?;
        let due = self.posts.iter().fold(self.issues.deadline(), |due, post| due.min(post.due()));
        let now = Instant::now();
        let (left, is_long) = (due.left(now), !due.has_come(now + SHORT));
        let waited = if is_long {
            wait_without_program(&self.context.epoll, ready, left.as_ref(), &self.program)
        } else {
            epoll::wait(&self.context.epoll, spare_capacity(ready), left.as_ref())
        };
        match waited {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(e) => Err(e),
        }
    }

    fn wait_for(&self, id: u64, what: impl AsFd) -> Result<(), Errno> {
        epoll::add(&self.context.epoll, what, EventData::new_u64(id), EventFlags::IN)
    }

    /// Attends to the line of this number, if it is still kept.
    fn attend(&mut self, id: u64) -> Result<Option<Box<Visit>>, Errno> {
        let Some(at) = self.posts.iter().position(|post| post.id() == id) else { return Ok(None) };
        match self.posts[at].attend(&self.context, Instant::now())? {
            Turn::Kept => Ok(None),
            Turn::Over => {
                self.posts.remove(at);
                Ok(None)
            }
            Turn::Child(visit) => Ok(Some(visit)),
        }
    }

    /// Attends to every line that is due.
    fn attend_all(&mut self) -> Result<Option<Box<Visit>>, Errno> {
        let now = Instant::now();
        let due: Vec<u64> = self.posts.iter().filter(|post| post.due().has_come(now)).map(Post::id).collect();
        for id in due {
            if let Some(child) = self.attend(id)? {
                return Ok(Some(child));
            }
        }
        Ok(None)
    }

    /// Reads what is wanted and begins, changes and ends the keeping of lines accordingly. A mistake in a file takes no line
    /// away that is kept: it may be what was mistyped.
    fn read_wish(&mut self, now: Instant) -> Result<(), Errno> {
        let wish = Wish::read(self.keeping, Path::new("/"));
        let mut kept = Vec::with_capacity(self.posts.len());
        for mut post in self.posts.drain(..) {
            let is_wanted = wish.entries.iter().any(|entry| entry.line == *post.line());
            if !is_wanted && !wish.is_whole {
                warn!(line = post.line().as_str(), "no longer named, and kept until the files are without mistakes");
            } else if !is_wanted && matches!(post.dismiss(&self.context)?, Turn::Over) {
                continue;
            }
            kept.push(post);
        }
        self.posts = kept;
        for entry in wish.entries {
            match self.posts.iter_mut().find(|post| *post.line() == entry.line) {
                Some(post) => post.keep_as(entry, &self.context, now)?,
                None => {
                    self.posts.push(Post::new(self.next_id, entry, now));
                    self.next_id += 1;
                }
            }
        }
        if self.posts.is_empty() {
            warn!("no line is named: nobody has a prompt until one is, and a reload (SIGHUP)");
        }
        Ok(())
    }

    fn reload(&mut self) -> Result<Option<Box<Visit>>, Errno> {
        self.readiness.reloading();
        self.read_wish(Instant::now())?;
        let child = self.attend_all()?;
        if child.is_none() {
            self.readiness.ready();
        }
        Ok(child)
    }

    /// Watches for the devices of the lines that are down, and for no other.
    fn watch_devices(&mut self) -> Result<(), Errno> {
        let down: Vec<LineName> =
            self.posts.iter().filter(|post| post.awaits_device()).map(|post| post.line().clone()).collect();
        if self.devices.as_ref().map_or(&[][..], Devices::lines) == down {
            return Ok(());
        }
        self.devices = None; // closed, so no longer waited for
        if !down.is_empty() {
            match Devices::watch(down) {
                Ok(devices) => {
                    self.wait_for(DEVICE, &devices)?;
                    self.devices = Some(devices);
                }
                Err(error) => warn!(%error, "lines that are not there are looked for by the clock alone"),
            }
        }
        Ok(())
    }

    /// Watches what the prompts show, and shows again what may have changed and reads differently.
    fn watch_issues(&mut self) -> Result<(), Errno> {
        self.issues.look(Instant::now());
        let epoll = &self.context.epoll;
        let wait_for = |file: BorrowedFd<'_>| epoll::add(epoll, file, EventData::new_u64(ISSUE), EventFlags::IN);
        if self.issues.watch(self.posts.iter().filter_map(Post::prompting_with), wait_for)? {
            self.posts.iter_mut().try_for_each(|post| post.refresh(&self.context))?;
        }
        Ok(())
    }

    fn hear_of_devices(&mut self) {
        let Some(news) = self.devices.as_ref().map(Devices::news) else { return };
        let now = Instant::now();
        for post in &mut self.posts {
            if match &news {
                News::Lost => true,
                News::Of(lines) => lines.contains(post.line()),
            } {
                post.device_changed(now);
            }
        }
    }

    /// Takes the prompts away. Whoever is logged in stays, and is found by the next keeper.
    fn end(mut self) -> Result<Over, Unkept> {
        self.readiness.stopping();
        for post in &mut self.posts {
            post.leave(&self.context)?;
        }
        info!("the prompts are gone, logins stay");
        Ok(Over::Asked)
    }
}

/// Who waits to be told that there are prompts. To be called before the process opens any descriptor. A supervisor that knows
/// nothing of the descriptor, as OpenRC before 0.62, gets its prompts all the same.
fn who_waits(keeping: &Keeping) -> Readiness {
    let fd = keeping.ready_fd.map(sys::take_inherited_fd).transpose().unwrap_or_else(|error| {
        warn!(%error, "nobody waits at the descriptor of --ready-fd");
        None
    });
    Readiness { fd, socket: std::env::var_os(paths::NOTIFY_SOCKET).filter(|socket| !socket.is_empty()) }
}

/// Waits with no more of the program in memory than this function, which alone is needed for it.
#[inline(never)]
fn wait_without_program(
    epoll: &OwnedFd,
    ready: &mut Vec<epoll::Event>,
    left: Option<&Timespec>,
    program: &Program,
) -> Result<usize, Errno> {
    program.give_back();
    epoll::wait(epoll, spare_capacity(ready), left)
}

/// Leads a session if it may, and has no controlling terminal: no line's hang-up or key is for this process.
fn detach() -> io::Result<()> {
    if let Err(End::Failed(e)) = login::shield() {
        return Err(e);
    }
    if nix::unistd::setsid().is_err() {
        terminal::give_up_other_terminal()?; // it leads a session, or the process group of a shell's job
    }
    Ok(())
}

/// The register; without one, a killed keeper's logins are found by utmp.
fn register() -> Option<Register> {
    Register::open(Path::new(paths::REGISTER))
        .inspect_err(|error| warn!(folder = paths::REGISTER, %error, "cannot note who is on which line"))
        .ok()
}
