//! The guard against a getty that is started again and again on a line that cannot be used.

use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

use crate::deadline::Deadline;
use crate::end::End;
use crate::line::{LineError, LineName};
use crate::presence::{DeviceWatch, LOOK_AGAIN};

/// Holds init off after `end`, if the next getty on `line` would end the same way at once.
///
/// A line whose hardware comes late has its getty as soon as it is there; one that never comes costs init a process a
/// minute; one that is refused or fails, every ten seconds.
pub(crate) fn hold_off(end: &End, line: Option<&LineName>) {
    match (end, line) {
        (End::Line(LineError::NoSession), _) => {}
        (End::Line(e), Some(line)) if e.has_no_device() => await_device(line),
        (End::Line(e), Some(line)) if e.is_absence() => await_change(line, LOOK_AGAIN),
        (End::Line(_), Some(line)) => await_change(line, RESPAWN_GUARD),
        (End::Login { .. } | End::Place { .. }, _) => await_hang_up(),
        (End::Failed(_), _) => Deadline::after(Instant::now(), RESPAWN_GUARD).pass(), // its state says nothing
        _ => {}
    }
}

/// Holds init off after a hang-up of a getty that began at `started`: a line that hangs up as soon as it is opened, as a
/// USB gadget's does without a peer, has a getty every ten seconds.
pub(crate) fn space_out(end: &End, line: Option<&LineName>, started: Instant) {
    if let (End::HungUp, Some(line)) = (end, line) {
        await_return(line, Deadline::after(started, RESPAWN_GUARD));
    }
}

/// How long a getty that cannot do its work holds init off, as agetty does.
const RESPAWN_GUARD: Duration = Duration::from_secs(10);

/// Waits until `line`, which had no device, has one, or until it is time to look for one again.
fn await_device(line: &LineName) {
    let watch = DeviceWatch::on(line); // before the look: what comes in between is not missed
    if line.path().symlink_metadata().is_err() {
        watch.wait(Deadline::after(Instant::now(), LOOK_AGAIN));
    }
}

/// Waits until the device of `line` comes, goes or changes, or until `time` is over.
fn await_change(line: &LineName, time: Duration) {
    DeviceWatch::on(line).wait(Deadline::after(Instant::now(), time));
}

/// The same after a hang-up, but does not wait for what is not there any more, such as a pseudo terminal whose master was
/// closed: the next getty will.
fn await_return(line: &LineName, deadline: Deadline) {
    let watch = DeviceWatch::on(line);
    if line.path().symlink_metadata().is_ok() {
        watch.wait(deadline);
    }
}

/// Waits until the line, which is standard input by now, is hung up, or until the guard is over.
fn await_hang_up() {
    let deadline = Deadline::after(Instant::now(), RESPAWN_GUARD);
    let line = rustix::stdio::stdin();
    let mut files = [PollFd::new(&line, PollFlags::empty())];
    while poll(&mut files, deadline.left(Instant::now()).as_ref()) == Err(Errno::INTR) {}
}
