//! A getty in a private mount namespace, the pseudo terminal it waits on, and somebody at its other end.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{PidfdFlags, pidfd_open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, tcgetattr};
use tempfile::TempDir;
use utmp::{Files, Record};

/// Longer than anything here takes, on a machine that is busy with something else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The getty that was built.
pub(crate) const GETTY: &str = env!("CARGO_BIN_EXE_getty");

/// Prints its arguments, each in brackets.
pub(crate) const SHOW_ARGUMENTS: &str = "#!/bin/sh\nfor word; do printf '<%s>' \"$word\"; done\necho .\n";

/// A folder that stands for /run, /var/log and /dev/shm of the getty's namespace, and holds its login.
pub(crate) struct Room {
    folder: TempDir,
}

impl Room {
    /// A room whose login is the shell script `login`.
    pub(crate) fn with_login(login: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["run", "var/log", "shm"] {
            fs::create_dir_all(root.join(name)).unwrap();
        }
        fs::write(root.join("var/log/wtmp"), "").unwrap();
        let room = Self { folder };
        fs::write(room.login(), login).unwrap();
        fs::set_permissions(room.login(), Permissions::from_mode(0o755)).unwrap();
        room
    }

    /// A room whose login shows how it was called.
    pub(crate) fn new() -> Self {
        Self::with_login(SHOW_ARGUMENTS)
    }

    /// The login.
    pub(crate) fn login(&self) -> PathBuf {
        self.folder.path().join("login")
    }

    /// A file or folder in the room.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The records that the getty sees as the system's.
    pub(crate) fn files(&self) -> Files {
        Files::under(self.folder.path())
    }

    /// The records in wtmp.
    pub(crate) fn wtmp(&self) -> Vec<Record> {
        self.files().wtmp_since(0).unwrap()
    }

    /// `program` in the namespace of the room. It has the process number of the child: everything before it is exec.
    ///
    /// The kernel's log, where events go when there is no log daemon, is /dev/null there.
    pub(crate) fn command(&self, program: &str, arguments: &[&OsStr]) -> Command {
        const ENTER: &str = "set -e
            root=$1; shift
            mount --bind \"$root/run\" /run
            mount --bind \"$root/var/log\" /var/log
            mount --bind \"$root/shm\" /dev/shm
            [ ! -e /dev/kmsg ] || mount --bind /dev/null /dev/kmsg
            [ ! -e \"$root/gate\" ] || read -r go < \"$root/gate\"
            exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", ENTER, "sh"]);
        command.arg(self.folder.path()).arg(program).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// A getty on `line` with `options` before it and `rest` after it; its login is the room's.
    pub(crate) fn getty(&self, options: &[&str], line: &str, rest: &[&str]) -> Getty {
        self.start(GETTY, options, line, rest)
    }

    /// The same of another program that takes a getty's command line.
    pub(crate) fn start(&self, program: &str, options: &[&str], line: &str, rest: &[&str]) -> Getty {
        let login = self.login();
        let mut words: Vec<&OsStr> = vec![OsStr::new("-l"), login.as_os_str()];
        words.extend(options.iter().chain([&line]).chain(rest).map(OsStr::new));
        Getty::spawn(&mut self.command(program, &words))
    }
}

/// A getty that runs, and is killed when it is dropped.
pub(crate) struct Getty {
    child: Child,
    pidfd: OwnedFd,
}

impl Getty {
    /// Starts `command`.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        let child = command.spawn().unwrap();
        let pidfd = pidfd_open(rustix::process::Pid::from_child(&child), PidfdFlags::empty()).unwrap();
        Self { child, pidfd }
    }

    /// Its process number.
    pub(crate) fn pid(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// Waits for its end; its exit status, none if a signal ended it.
    pub(crate) fn status(&mut self) -> Option<i32> {
        assert!(self.ends_within(PATIENCE), "getty did not end");
        self.child.wait().unwrap().code()
    }

    /// Whether it ends in this time.
    pub(crate) fn ends_within(&self, time: Duration) -> bool {
        ready(&self.pidfd, PollFlags::IN, Instant::now() + time)
    }

    /// What it writes to the standard error it was started with, up to the first line that contains `text`.
    pub(crate) fn complaint(&mut self, text: &str) -> String {
        let mut heard = Vec::new();
        let stderr = self.child.stderr.as_mut().unwrap();
        while !String::from_utf8_lossy(&heard).contains(text) {
            assert!(ready(&stderr, PollFlags::IN, Instant::now() + PATIENCE), "only heard {heard:?}");
            let mut byte = [0];
            assert_ne!(stderr.read(&mut byte).unwrap(), 0, "only heard {:?}", String::from_utf8_lossy(&heard));
            heard.extend(byte);
        }
        String::from_utf8(heard).unwrap()
    }
}

impl Drop for Getty {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            kill(Pid::from_raw(self.pid()), Signal::SIGKILL).unwrap();
            self.child.wait().unwrap();
        }
    }
}

/// A person at the other end of a pseudo terminal.
pub(crate) struct Person {
    master: fs::File,
    line: String,
    /// What was read from the terminal and not yet looked at.
    seen: Vec<u8>,
    /// The line, if it is held so that it does not look hung up before somebody opens it.
    #[expect(dead_code, reason = "it is open, that is all")]
    held: Option<OwnedFd>,
}

impl Person {
    /// At a terminal of their own.
    pub(crate) fn new() -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let path = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        let line = path.strip_prefix("/dev/").unwrap().to_owned();
        rustix::fs::fcntl_setfl(&master, OFlags::RDWR | OFlags::NONBLOCK).unwrap();
        Self { master: master.into(), line, seen: Vec::new(), held: None }
    }

    /// At a terminal of the devpts that is mounted at `pts`, at which nobody is yet.
    pub(crate) fn in_instance(pts: &Path) -> Self {
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let master = rustix::fs::open(pts.join("ptmx"), flags, Mode::empty()).unwrap();
        let slave = pts.join("0");
        unlockpt(&master).unwrap();
        let held = rustix::fs::open(&slave, flags, Mode::empty()).unwrap();
        fs::set_permissions(&slave, Permissions::from_mode(0o600)).unwrap(); // who looked while it was locked looks again
        Self { master: master.into(), line: "pts/0".to_owned(), seen: Vec::new(), held: Some(held) }
    }

    /// The name of the line.
    pub(crate) fn line(&self) -> &str {
        &self.line
    }

    /// The path of the line.
    pub(crate) fn path(&self) -> PathBuf {
        Path::new("/dev").join(&self.line)
    }

    /// The line, opened as another process would.
    pub(crate) fn open(&self) -> OwnedFd {
        rustix::fs::open(self.path(), OFlags::RDWR | OFlags::NOCTTY | OFlags::NONBLOCK, Mode::empty()).unwrap()
    }

    /// The modes of the line.
    pub(crate) fn modes(&self) -> Termios {
        tcgetattr(&self.master).unwrap()
    }

    /// Types `bytes`, and reads what comes meanwhile, as a terminal does.
    pub(crate) fn types(&mut self, bytes: impl AsRef<[u8]>) {
        let mut bytes = bytes.as_ref();
        let deadline = Instant::now() + PATIENCE;
        while !bytes.is_empty() {
            assert!(ready(&self.master, PollFlags::OUT | PollFlags::IN, deadline), "the line takes no more");
            self.look();
            match self.master.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(e) => assert_eq!(e.kind(), std::io::ErrorKind::WouldBlock),
            }
        }
    }

    /// Types `bytes` and does not look at what comes.
    pub(crate) fn pushes(&mut self, bytes: impl AsRef<[u8]>) {
        self.master.write_all(bytes.as_ref()).unwrap();
    }

    /// The same of either text, whichever comes.
    pub(crate) fn sees_either(&mut self, one: &str, other: &str) -> String {
        let has = |seen: &[u8], text: &str| seen.windows(text.len()).any(|part| part == text.as_bytes());
        let deadline = Instant::now() + PATIENCE;
        while !has(&self.seen, one) && !has(&self.seen, other) {
            assert!(Instant::now() < deadline, "neither {one:?} nor {other:?}: {}", self.seen.escape_ascii());
            if ready(&self.master, PollFlags::IN, deadline) && !self.look() {
                glance(deadline);
            }
        }
        self.sees(if has(&self.seen, one) { one } else { other })
    }

    /// Waits until `text` stands on the terminal; what stood before it and with it. What follows is kept.
    pub(crate) fn sees(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut is_open = true;
        loop {
            if let Some(at) = self.seen.windows(text.len()).position(|part| part == text.as_bytes()) {
                let rest = self.seen.split_off(at + text.len());
                return String::from_utf8_lossy(&std::mem::replace(&mut self.seen, rest)).into_owned();
            }
            // A master whose line nobody has open is hung up for as long as that lasts: a keeper opens it again.
            let may_come = if is_open { ready(&self.master, PollFlags::IN, deadline) } else { glance(deadline) };
            assert!(may_come, "no {text:?} in {:?}", String::from_utf8_lossy(&self.seen));
            is_open = self.look();
        }
    }

    /// Reads what is there; false if nobody has the line open any more.
    fn look(&mut self) -> bool {
        let mut buffer = [0; 4096];
        loop {
            match self.master.read(&mut buffer) {
                Ok(read) => self.seen.extend(&buffer[..read]),
                Err(e) => return e.kind() == std::io::ErrorKind::WouldBlock,
            }
        }
    }
}

/// Gives a file another text at one moment: at none it is empty, or not there.
pub(crate) fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

/// What `ask` gives on a day that does not end meanwhile.
pub(crate) fn within_a_day<T>(ask: impl Fn() -> T) -> T {
    let today = || chrono::Local::now().date_naive();
    loop {
        let (day, given) = (today(), ask());
        if today() == day {
            return given;
        }
    }
}

/// Waits until `file` is ready; false after `deadline`.
pub(crate) fn ready(file: &impl AsFd, for_what: PollFlags, deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    poll(&mut [PollFd::new(file, for_what)], Some(&Timespec::try_from(left).unwrap())).unwrap() > 0
}

/// Waits until `check` finds something, which the kernel announces to nobody.
pub(crate) fn until<T>(mut check: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(glance(deadline), "it did not come to be");
    }
}

/// How long nothing is looked at that nobody announces; false after `deadline`.
fn glance(deadline: Instant) -> bool {
    poll(&mut [], Some(&Timespec { tv_sec: 0, tv_nsec: 5_000_000 })).unwrap();
    Instant::now() < deadline
}

/// Waits until process `pid` has ended, whoever is to bury it.
pub(crate) fn gone(pid: i32) {
    until(|| match fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.rsplit_once(") ").unwrap().1.starts_with('Z').then_some(()),
        Err(_) => Some(()),
    });
}
