//! What is done once, before the loop: the process, the log, the lock, the configuration.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit, umask};
use syslog::Facility;
use tokio::runtime::{Builder, Runtime};
use tracing::Level;

use crate::bus::{DoorError, Doors, World};
use crate::config::{self, Config};
use crate::effects::getty::Gettys;
use crate::options::Options;
use crate::paths;
use crate::processes::Base;
use crate::readiness::Readiness;
use crate::sources::graphics::Graphics;
use crate::sources::{self, Sources};
use crate::state::records::{Places, Records};

/// How many descriptors 100,000 sessions need: a pidfd, a life line and its scope's events each, and as many
/// connections.
const DESCRIPTORS: u64 = 1 << 19;

/// Why logind cannot run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// systemd is PID 1, and has a logind of its own.
    #[error("systemd is the init, and its logind keeps the sessions")]
    SystemdIsInit,
    /// A directory cannot be made.
    #[error("cannot make {}", .0.display())]
    Directory(PathBuf, #[source] io::Error),
    /// The lock cannot be opened.
    #[error("cannot lock {}", .0.display())]
    Lock(PathBuf, #[source] io::Error),
    /// Another logind of ours runs.
    #[error("another logind is running")]
    Running,
    /// The file of `--config` cannot be read.
    #[error("cannot read {}", .0.display())]
    Config(PathBuf, #[source] io::Error),
    /// The kernel refuses what every process gets.
    #[error("cannot start")]
    Kernel(#[source] io::Error),
    /// Our own door cannot be opened.
    #[error(transparent)]
    Door(#[from] DoorError),
}

/// Prints to stdout; somebody who closed it wanted no more.
pub(crate) fn print(text: &str) -> ExitCode {
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Who waits to be told that we are ready. To be called before the process opens any descriptor.
pub(crate) fn who_waits(options: &Options) -> Readiness {
    let fd = options.ready_fd.map(crate::sys::take_inherited_fd);
    Readiness { fd, socket: std::env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty()) }
}

/// Sends what is logged to the system's log, and to stderr, which a supervisor may keep.
pub(crate) fn log(options: &Options) {
    let level = if options.debug { Level::DEBUG } else { Level::INFO };
    if let Err(error) = syslog::install("logind", Facility::Auth, true, level) {
        eprintln!("logind: cannot log: {error}");
    }
}

/// systemd as init makes the slices and scopes itself: two who do would take them from each other.
pub(crate) fn refuse_under_systemd() -> Result<(), StartError> {
    if Path::new(paths::SYSTEMD_IS_INIT).exists() { Err(StartError::SystemdIsInit) } else { Ok(()) }
}

/// Files are made as their modes say, there are descriptors for many sessions, and memory that was for many goes back. How
/// many descriptors there were before is for those whom we start.
pub(crate) fn make_room() -> Rlimit {
    crate::sys::give_memory_back();
    umask(Mode::from_raw_mode(0o022));
    let before = getrlimit(Resource::Nofile);
    let Rlimit { current, maximum } = before;
    let wanted = |limit: Option<u64>| limit.map(|limit| limit.max(DESCRIPTORS));
    let more = Rlimit { current: wanted(current), maximum: wanted(maximum) };
    let all = Rlimit { current: maximum, maximum };
    // The kernel may set a lower bound to all (`fs.nr_open`), or we may not be the one to raise ours.
    if let Err(errno) = setrlimit(Resource::Nofile, more).or_else(|_| setrlimit(Resource::Nofile, all)) {
        tracing::warn!(error = %errno, "cannot have more descriptors");
    }
    before
}

/// Makes our directories, and makes sure that no other logind of ours works in them. The lock is ours while the file is
/// open.
pub(crate) fn be_the_only_one() -> Result<File, StartError> {
    for directory in [paths::OWN, paths::SESSIONS, paths::USERS, paths::SEATS, paths::INHIBIT] {
        let made = DirBuilder::new().recursive(true).mode(0o755).create(directory);
        made.map_err(|error| StartError::Directory(directory.into(), error))?;
    }
    let flags = (OFlags::NOFOLLOW | OFlags::NOCTTY).bits().cast_signed();
    let opened =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(paths::LOCK);
    let lock = opened.map_err(|error| StartError::Lock(paths::LOCK.into(), error))?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StartError::Running),
        Err(errno) => Err(StartError::Lock(paths::LOCK.into(), errno.into())),
    }
}

/// Watches the graphics devices; without that all is well but what display managers are told.
pub(crate) fn watch_graphics(sources: &mut Sources) {
    let graphics = Graphics::open(Path::new(paths::UDEV), Path::new(paths::GRAPHICS));
    if let Err(error) = graphics.and_then(|graphics| sources.watch_graphics(graphics)) {
        tracing::warn!(error = %error, "cannot see whether there is a graphics device");
    }
}

/// How gettys are started: with what is configured, or the getty that was installed with this program.
pub(crate) fn gettys(config: &Config, descriptors: Rlimit) -> Result<Gettys, StartError> {
    let own = std::env::current_exe().map_err(StartError::Kernel)?;
    Ok(Gettys::new(&own, config.auto_vt_command.clone(), descriptors))
}

/// Reads the configuration, and says what in it could not be used.
pub(crate) fn configuration(options: &Options) -> Result<Config, StartError> {
    let (config, complaints) = match &options.config {
        Some(file) => config::read_file(file).map_err(|error| StartError::Config(file.clone(), error))?,
        None => config::read(),
    };
    for complaint in complaints {
        tracing::warn!("{complaint}");
    }
    Ok(config)
}

/// Reads the configuration again; one that cannot be read any more changes nothing.
pub(crate) fn read_again(options: &Options) -> Option<Config> {
    match configuration(options) {
        Ok(config) => {
            tracing::info!("read the configuration again");
            Some(config)
        }
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the configuration stays as it was");
            None
        }
    }
}

/// The runtime: one thread, and a bounded pool beside it for what can block.
pub(crate) fn runtime() -> Result<Runtime, StartError> {
    let mut builder = Builder::new_current_thread();
    builder.enable_io().enable_time().max_blocking_threads(sources::THREADS).build().map_err(StartError::Kernel)
}

/// The state files of this boot.
pub(crate) fn records() -> Result<Records, StartError> {
    let boot = std::fs::read_to_string(paths::BOOT_ID).map_err(StartError::Kernel)?;
    let places = Places {
        sessions: Path::new(paths::SESSIONS),
        users: Path::new(paths::USERS),
        seats: Path::new(paths::SEATS),
        gettys: Path::new(paths::GETTYS),
    };
    let opened = Records::open(places, boot.trim());
    opened.map_err(|error| StartError::Directory(paths::SESSIONS.into(), error))
}

/// Where the doors are.
pub(crate) fn doors() -> Doors {
    Doors { socket: logind_api::SOCKET_PATH.into(), system_bus: paths::SYSTEM_BUS.into() }
}

/// What the bus asks of the system.
pub(crate) fn world(base: Base) -> World {
    World { place_of: Base::place_of, base, machine_id: paths::MACHINE_ID.into() }
}
