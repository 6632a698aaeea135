//! QEMU itself: its command line, the lines to it, and the one machine that may be up.

use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::fcntl::{Flock, FlockArg};
use nix::poll::{PollFd, PollFlags, poll};
use tests::outcome::{Failure, Outcome};
use tests::paths::AGENT_PORT;
use tests::process::Process;
use tests::sys::{Leading, end_with_parent, lead};
use tests::wait::Deadline;

use super::{Monitor, PATIENCE};
use crate::image::Image;
use crate::paths;

/// Waits until no other machine is up, and holds that place.
///
/// # Errors
/// What the lock's file says.
pub(crate) fn take_place() -> Outcome<Flock<File>> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(paths::LOCK);
    let file = file.map_err(|error| Failure::from(error).during(paths::LOCK))?;
    match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(place) => Ok(place),
        Err((file, _)) => {
            println!("another machine is up: waiting until it is not");
            Flock::lock(file, FlockArg::LockExclusive).map_err(|(_, error)| error.into())
        }
    }
}

/// The part of QEMU's command line that every machine has; files are named relative to [`paths::folder`].
///
/// # Errors
/// That the folder is nowhere.
pub(crate) fn command(image: &Image, without: &[&str]) -> Outcome<Command> {
    let mut qemu = Command::new("qemu-system-x86_64");
    qemu.current_dir(paths::folder()?);
    // Translated also where /dev/kvm is there: it may be one that only seems to work, and the same machine everywhere.
    qemu.args(["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "512"]);
    qemu.args(["-nodefaults", "-no-user-config", "-display", "none", "-vga", "virtio"]);
    qemu.arg("-kernel").arg(image.kernel()).arg("-initrd").arg(image.initrd());
    let lacking = if without.is_empty() { String::new() } else { format!(" without={}", without.join(",")) };
    // What the kernel has to say on a busy host comes over the serial line alone, never behind a prompt on a screen.
    qemu.args(["-append", &format!("root=/dev/vda ro console=ttyS0,115200 quiet panic=-1{lacking}")]);
    for (disk, option) in [(paths::DISK, ""), (&paths::programs_disk(image.init), ",readonly=on")] {
        qemu.args(["-drive", &format!("file={disk},format=raw,if=virtio,cache=unsafe{option}")]);
    }
    qemu.args([
        "-device",
        "virtio-serial",
        "-device",
        &format!("virtserialport,chardev={},name={AGENT_PORT}", paths::AGENT),
    ]);
    qemu.args(["-serial", "chardev:console", "-mon", "chardev=monitor,mode=readline"]);
    // Two more ports, ttyS1 and ttyS2, and a wire between them.
    qemu.args([
        "-chardev",
        &format!("socket,id=near,path={},server=on,wait=off", paths::WIRE),
        "-serial",
        "chardev:near",
    ]);
    qemu.args(["-chardev", &format!("socket,id=far,path={}", paths::WIRE), "-serial", "chardev:far"]);
    if without.contains(&"clock") {
        qemu.args(["-rtc", "base=1970-01-02T00:00:00"]);
    }
    Ok(qemu)
}

/// A QEMU that runs, with the lines to it.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) process: Process,
    pub(super) monitor: Monitor,
    pub(super) agent: UnixStream,
    pub(super) console: UnixStream,
}

impl Running {
    /// Starts QEMU. It ends with this process, and holds the place as long as it lives.
    ///
    /// # Errors
    /// That it cannot be started, with what it says.
    pub(super) fn start(image: &Image, without: &[&str], place: &File) -> Outcome<Self> {
        let folder = paths::folder()?;
        let mut qemu = command(image, without)?;
        for name in [paths::MONITOR, paths::CONSOLE] {
            qemu.args(["-chardev", &format!("socket,id={name},path={name}")]);
        }
        // A port is open to the machine only once somebody has come to it.
        qemu.args(["-chardev", &format!("socket,id={name},path={name},server=on,wait=off", name = paths::AGENT)]);
        let doors = [door(paths::MONITOR)?, door(paths::CONSOLE)?];
        qemu.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(folder.join("qemu.log"))?);
        lead(&mut qemu, Leading::Session, Some(place.try_clone()?.into()));
        end_with_parent(&mut qemu);
        let process = Process::start(&mut qemu)?;
        let [monitor, console] = doors.map(|door| accept(&door, &process));
        // Once it shows its prompt, it has made all its lines.
        let monitor = Monitor::meet(monitor?)?;
        Ok(Self { process, monitor, agent: UnixStream::connect(paths::AGENT)?, console: console? })
    }
}

// The path is relative, because a socket's is short.
fn door(name: &str) -> Outcome<UnixListener> {
    if Path::new(name).exists() {
        std::fs::remove_file(name)?;
    }
    Ok(UnixListener::bind(name)?)
}

fn accept(door: &UnixListener, qemu: &Process) -> Outcome<UnixStream> {
    let mut fds = [PollFd::new(door.as_fd(), PollFlags::POLLIN), PollFd::new(qemu.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, Deadline::after(PATIENCE).timeout())?;
    if fds[0].any() == Some(true) {
        return Ok(door.accept()?.0);
    }
    let log = std::fs::read_to_string("qemu.log").unwrap_or_default();
    Err(Failure::new(format!("QEMU does not start: {log}")))
}
