//! Whether a line is there, and a console, and waiting until it is (`onifexists` and `onifconsole` of FreeBSD's ttys(5)).

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Seek};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use crate::deadline::Deadline;
use crate::line::{self, LineName};
use crate::paths;

/// How often a line that is not there is looked for, should the kernel not tell that it came: FreeBSD's getty does it once a
/// minute.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Whether `line` has hardware behind it: it can be opened, or is refused for another reason than that it is not there.
pub(crate) fn exists(line: &LineName) -> bool {
    !matches!(line::open(line), Err(e) if e.is_absence())
}

/// Whether `line` is a console of the kernel's. `tty0` there is the VT in front, and no line of its own.
pub(crate) fn is_console(line: &LineName) -> bool {
    std::fs::read_to_string(paths::CONSOLES).is_ok_and(|listed| is_listed(line, &listed))
}

/// Waits until `line` exists, as long as that takes.
pub(crate) fn await_existence(line: &LineName) {
    loop {
        let watch = DeviceWatch::on(line); // before the look: what comes in between is not missed
        if exists(line) {
            return;
        }
        watch.wait(Deadline::after(Instant::now(), LOOK_AGAIN));
    }
}

/// Waits until the kernel has `line` for a console, as long as that takes.
pub(crate) fn await_console(line: &LineName) {
    loop {
        let mut list = File::open(paths::CONSOLES).ok();
        let mut listed = String::new();
        if let Some(list) = &mut list
            && list.rewind().and_then(|()| list.read_to_string(&mut listed)).is_ok()
            && is_listed(line, &listed)
        {
            return;
        }
        // The attribute is pollable: sysfs tells with POLLPRI that it changed (since it was read).
        let mut files: Vec<_> = list.iter().map(|list| PollFd::new(list, PollFlags::PRI)).collect();
        wait(&mut files, Deadline::after(Instant::now(), LOOK_AGAIN));
    }
}

/// A watch on the folder of a line's device.
pub(crate) struct DeviceWatch<'a> {
    inotify: Option<OwnedFd>,
    name: &'a OsStr,
}

impl<'a> DeviceWatch<'a> {
    /// Watches for the device of `line`; without a watch only the time passes.
    pub(crate) fn on(line: &'a LineName) -> Self {
        let path = line.path();
        let folder = path.parent().unwrap_or(Path::new(paths::DEV));
        Self { inotify: watched(folder), name: OsStr::new(line.components().1) }
    }

    /// Waits until the device appears, goes or has its owner or mode set, or until `deadline`.
    pub(crate) fn wait(&self, deadline: Deadline) {
        loop {
            let mut files: Vec<_> = self.inotify.iter().map(|watch| PollFd::new(watch, PollFlags::IN)).collect();
            let is_ready = wait(&mut files, deadline);
            if !is_ready || self.inotify.as_ref().is_some_and(|watch| tells_of(watch, self.name)) {
                return;
            }
        }
    }
}

/// Whether one of `files` is ready before `deadline`.
fn wait(files: &mut [PollFd<'_>], deadline: Deadline) -> bool {
    loop {
        match poll(files, deadline.left(Instant::now()).as_ref()) {
            Ok(ready) => return ready > 0,
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

fn is_listed(line: &LineName, listed: &str) -> bool {
    listed.split_ascii_whitespace().any(|console| console == line.as_str())
}

fn watched(folder: &Path) -> Option<OwnedFd> {
    let watch = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
    let events = WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVED_TO | WatchFlags::ATTRIB;
    inotify::add_watch(&watch, folder, events).or_else(|_| inotify::add_watch(&watch, paths::DEV, events)).ok()?;
    Some(watch)
}

/// Whether an event that waits in `watch` is about `name`, or some event was lost.
fn tells_of(watch: impl AsFd, name: &OsStr) -> bool {
    let mut buffer = [MaybeUninit::uninit(); 4096];
    let mut events = Reader::new(watch, &mut buffer);
    let mut found = false;
    while let Ok(event) = events.next() {
        found |= event.file_name().is_some_and(|file| file.to_bytes() == name.as_encoded_bytes());
        found |= event.events().contains(ReadFlags::QUEUE_OVERFLOW);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str) -> LineName {
        LineName::parse(OsStr::new(name)).unwrap()
    }

    #[test]
    fn a_line_without_a_device_does_not_exist() {
        assert!(!exists(&line("no-such-line")));
        assert!(!exists(&line("no/such/line")));
        assert!(exists(&line("null")), "it is there, and refused later with the reason");
    }

    #[test]
    fn a_console_is_one_by_its_whole_name() {
        assert!(is_listed(&line("ttyS0"), "tty0 ttyS0\n"));
        for other in ["ttyS", "ttyS01", "tty1", "S0"] {
            assert!(!is_listed(&line(other), "tty0 ttyS0\n"), "{other}");
        }
    }
}
