//! The guard against a getty that is started again and again on a line that cannot be used.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use crate::arguments::Line;
use crate::deadline::Deadline;
use crate::end::End;
use crate::line::{LineError, LineName};
use crate::paths;

/// Holds init off after `end`, if the next getty on `line` would end the same way at once.
pub(crate) fn hold_off(end: &End, line: &Line) {
    match (end, line) {
        (End::Line(LineError::NoSession), _) => {}
        (End::Line(_), Line::Named(line)) => await_device(line),
        (End::Login { .. }, _) => await_hang_up(),
        _ => {}
    }
}

/// How long a getty that cannot do its work holds init off, as agetty does.
const RESPAWN_GUARD: Duration = Duration::from_secs(10);

/// Waits until the device of `line` appears or changes, or until the guard is over.
///
/// A line whose hardware comes late has its getty as soon as it is there; one that never comes costs init a process
/// every ten seconds.
fn await_device(line: &LineName) {
    let deadline = Deadline::after(Instant::now(), RESPAWN_GUARD);
    let path = line.path();
    let Some(name) = path.file_name() else { return };
    let watch = watch(path.parent().unwrap_or(Path::new(paths::DEV)));
    let mut files: Vec<_> = watch.iter().map(|watch| PollFd::new(watch, PollFlags::IN)).collect();
    loop {
        match poll(&mut files, deadline.left(Instant::now()).as_ref()) {
            Ok(0) => return,
            Ok(_) if watch.as_ref().is_some_and(|watch| tells_of(watch, name.as_encoded_bytes())) => return,
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return,
        }
    }
}

/// Waits until the line, which is standard input by now, is hung up, or until the guard is over.
fn await_hang_up() {
    let deadline = Deadline::after(Instant::now(), RESPAWN_GUARD);
    let line = rustix::stdio::stdin();
    let mut files = [PollFd::new(&line, PollFlags::empty())];
    while poll(&mut files, deadline.left(Instant::now()).as_ref()) == Err(Errno::INTR) {}
}

/// Watches `folder` for devices that appear, or whose owner or mode is set; none if it cannot be watched.
fn watch(folder: &Path) -> Option<OwnedFd> {
    let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
    let events = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ATTRIB;
    inotify::add_watch(&watch, folder, events).or_else(|_| inotify::add_watch(&watch, paths::DEV, events)).ok()?;
    Some(watch)
}

/// Whether an event that waits in `watch` is about `name`, or some event was lost.
fn tells_of(watch: &OwnedFd, name: &[u8]) -> bool {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut events = Reader::new(watch, &mut buffer);
    let mut found = false;
    while let Ok(event) = events.next() {
        found |= event.file_name().is_some_and(|file| file.to_bytes() == name);
        found |= event.events().contains(ReadFlags::QUEUE_OVERFLOW);
    }
    found
}
