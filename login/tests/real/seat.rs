//! A person at a terminal: types, reads the screen, waits for what happens, with a deadline for everything.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, tcgetattr};

/// Nothing takes longer, also on a busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A terminal with a program on it.
pub(crate) struct Seat {
    person: File,
    line: OwnedFd,
    name: String,
    modes_found: Termios,
    child: Child,
    screen: Vec<u8>,
    /// How much of the screen has been looked at.
    read: usize,
}

impl Seat {
    pub(crate) fn start(mut command: Command) -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pty");
        grantpt(&person).expect("a line");
        unlockpt(&person).expect("a line");
        let path = ptsname(&person, Vec::new()).expect("a name").into_string().expect("ASCII");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let line = rustix::fs::open(&path, flags, Mode::empty()).expect("the line opens");
        let modes_found = tcgetattr(&line).expect("the line has modes");
        let copy = || line.try_clone().expect("a descriptor");
        let child = command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("TERM", "vt102")
            .env("HOSTILE", "yes")
            .stdin(copy())
            .stdout(copy())
            .stderr(copy())
            .spawn()
            .expect("the program starts");
        let name = path.trim_start_matches("/dev/").to_owned();
        Self { person: person.into(), line, name, modes_found, child, screen: Vec::new(), read: 0 }
    }

    /// The line's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The line's owner, group and mode.
    pub(crate) fn owner(&self) -> (u32, u32, u32) {
        let line = std::fs::metadata(format!("/dev/{}", self.name)).expect("the line is there");
        (line.uid(), line.gid(), line.mode() & 0o7777)
    }

    /// The line's modes before the program began.
    pub(crate) fn modes_found(&self) -> &Termios {
        &self.modes_found
    }

    /// The line's modes.
    pub(crate) fn modes(&self) -> Termios {
        tcgetattr(&self.person).expect("the line has modes")
    }

    /// Whether the line was hung up under who had it open.
    pub(crate) fn is_hung_up(&self) -> bool {
        tcgetattr(&self.line).is_err()
    }

    /// Whether what is written to the line comes to the person.
    pub(crate) fn takes_output(&self) -> bool {
        poll(&mut [PollFd::new(&self.line, PollFlags::OUT)], Some(&timespec(Duration::ZERO))).expect("poll") == 1
    }

    /// The program's process.
    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Types `text`.
    pub(crate) fn types(&mut self, text: &str) {
        self.person.write_all(text.as_bytes()).expect("it is typed");
    }

    /// Reads on until `text` is on the screen; what came up to it.
    pub(crate) fn sees(&mut self, text: &str) -> String {
        let deadline = Instant::now() + DEADLINE;
        loop {
            if let Some(at) = find(&self.screen[self.read..], text.as_bytes()) {
                let end = self.read + at + text.len();
                let seen = String::from_utf8_lossy(&self.screen[self.read..end]).into_owned();
                self.read = end;
                return seen;
            }
            assert!(self.read_more(deadline), "no {text:?} on the screen:\n{}", self.screen());
        }
    }

    /// All that was ever on the screen.
    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen).into_owned()
    }

    /// Logs in by name and password, up to the shell's prompt.
    pub(crate) fn logs_in(&mut self, name: &str, password: &str) {
        self.sees("login: ");
        self.types(&format!("{name}\r"));
        self.sees("Password: ");
        self.types(&format!("{password}\r"));
        self.sees("$ ");
    }

    /// What `command` prints in the shell on the line.
    pub(crate) fn asks(&mut self, command: &str) -> String {
        self.types(&format!("printf '\\100%s\\100\\n' \"$({command})\"\r"));
        self.sees("\n@");
        let answer = self.sees("@\r\n");
        self.sees("$ ");
        answer.trim_end_matches("@\r\n").replace("\r\n", "\n")
    }

    /// The process that `command` names in the shell on the line.
    pub(crate) fn asks_pid(&mut self, command: &str) -> Pid {
        let answer = self.asks(command);
        Pid::from_raw(answer.trim().parse().expect("a number")).expect("a process")
    }

    /// Sends a signal to the program.
    pub(crate) fn signals(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("it is there");
    }

    /// Takes away the person's end of the line.
    pub(crate) fn hangs_up(&mut self) {
        let null = File::open("/dev/null").expect("it is there");
        self.person = null;
    }

    /// Waits for the program's end.
    pub(crate) fn ends(&mut self) -> ExitStatus {
        let deadline = Instant::now() + DEADLINE;
        let process = pidfd_open(self.pid(), PidfdFlags::empty()).expect("it is our child");
        while !is_readable(&process, Duration::ZERO) {
            // A full screen would hold up whoever writes to it.
            let is_gone = !self.read_more(deadline) && is_readable(&process, left(deadline));
            assert!(is_gone || Instant::now() < deadline, "it does not end:\n{}", self.screen());
        }
        while self.read_more(Instant::now()) {}
        self.child.wait().expect("it is our child")
    }

    /// Waits for the program's end; its exit status.
    pub(crate) fn exits(&mut self) -> Option<i32> {
        let status = self.ends();
        assert_eq!(status.signal(), None, "{}", self.screen());
        status.code()
    }

    /// Reads what is there, or waits for it; false if nothing came until `deadline`, or nothing ever will.
    fn read_more(&mut self, deadline: Instant) -> bool {
        let process = pidfd_open(self.pid(), PidfdFlags::empty());
        let mut sources = vec![PollFd::new(&self.person, PollFlags::IN)];
        sources.extend(process.iter().map(|process| PollFd::new(process, PollFlags::IN)));
        poll(&mut sources, Some(&timespec(left(deadline)))).expect("poll");
        if !sources[0].revents().contains(PollFlags::IN) {
            return false;
        }
        let mut chunk = [0; 4096];
        let Ok(length) = self.person.read(&mut chunk) else { return false };
        self.screen.extend_from_slice(&chunk[..length]);
        length > 0
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            let _gone = self.child.kill();
            let _gone = self.child.wait();
        }
    }
}

/// Waits for the end of a process that is not our child.
pub(crate) fn ends(process: Pid) {
    match pidfd_open(process, PidfdFlags::empty()) {
        Ok(process) => assert!(is_readable(&process, DEADLINE), "it does not end"),
        Err(error) => assert_eq!(error, rustix::io::Errno::SRCH),
    }
}

fn is_readable(fd: &OwnedFd, time: Duration) -> bool {
    let mut source = [PollFd::new(fd, PollFlags::IN)];
    poll(&mut source, Some(&timespec(time))).expect("poll") == 1
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

fn timespec(time: Duration) -> Timespec {
    Timespec::try_from(time).expect("a short time")
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
