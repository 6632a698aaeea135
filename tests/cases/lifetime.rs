//! A sandbox begins, ends with its command, and leaves nothing, however it ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sched::{CloneFlags, unshare};
use rustix::mount::{MountPropagationFlags, mount_change};
use rustix::process::Signal;
use tests::outcome::{Failure, Outcome};
use tests::process::Process;
use tests::{ensure, ensure_eq, paths, process, run, wait};

use crate::case::{Case, inside, outside};
use crate::outer;

pub(crate) const CASES: &[Case] = &[
    outside!(the_exit_status_is_the_commands),
    outside!(a_command_that_is_not_there_gives_127),
    outside!(a_sandbox_that_ends_leaves_nothing),
    outside!(a_killed_sandbox_leaves_nothing),
    outside!(a_terminated_sandbox_leaves_nothing_and_says_so),
    outside!(a_folder_of_the_systems_is_no_place_to_start),
    outside!(logs_are_kept_in_an_empty_folder_only),
    inside!(the_command_is_in_no_session_and_the_folder_is_kept, "--bare"),
    inside!(orphans_are_reaped, "--bare"),
    inside!(what_is_logged_is_in_messages, "--bare"),
];

fn the_exit_status_is_the_commands() -> Outcome {
    for (script, status) in [("exit 0", 0), ("exit 3", 3), ("kill -KILL $$", 137), ("kill -TERM $$", 143)] {
        let ran = outer::script(script)?;
        ensure_eq!((script, ran.status.code()), (script, Some(status)));
    }
    Ok(())
}

fn a_command_that_is_not_there_gives_127() -> Outcome {
    let ran = run::output(&mut outer::sandbox(&["--bare"], &["/no/such/program"])?)?;
    ensure_eq!(ran.status.code(), Some(127));
    let ran = run::output(&mut outer::sandbox(&["--bare"], &["/etc/passwd"])?)?;
    ensure_eq!(ran.status.code(), Some(126));
    Ok(())
}

/// A running sandbox, and what tells its processes from all others.
struct Running {
    outer: Process,
    namespace: std::path::PathBuf,
}

impl Running {
    // A sandbox with a daemon of its own, in cgroups of its own, which stays until it is ended.
    fn start() -> Outcome<Self> {
        let script = "mkdir -p /sys/fs/cgroup/user.slice/deep.scope
            echo $$ >/sys/fs/cgroup/user.slice/deep.scope/cgroup.procs
            setsid tail -f /dev/null >/dev/null & echo running; wait";
        let mut sandbox = outer::sandbox(&["--bare"], &["sh", "-c", script])?;
        let mut child = sandbox.stdout(Stdio::piped()).spawn()?;
        let outer = Process::find(child.id())?;
        let output = child.stdout.take().ok_or_else(|| Failure::new("no output"))?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        ensure_eq!(line, "running\n");
        let procs = fs::read_to_string(outer::subtree(outer.pid())?.join("init.scope/cgroup.procs"))?;
        let init = procs.lines().next().ok_or_else(|| Failure::new("init.scope is empty"))?;
        Ok(Self { namespace: fs::read_link(format!("/proc/{init}/ns/pid"))?, outer })
    }

    fn has_left_nothing(&self) -> Outcome {
        let subtree = outer::subtree(self.outer.pid())?;
        wait::until_in(&outer::hierarchy()?, "the cgroup is removed", || Ok((!subtree.exists()).then_some(())))?;
        // The host's init reaps what is left of PID 1, in its own time; that of a container may never do it.
        wait::until("no process runs in the namespace", || {
            let is_ours = |pid| fs::read_link(format!("/proc/{pid}/ns/pid")).is_ok_and(|ns| ns == self.namespace);
            let runs = |pid| process::status_field(pid, "State").is_ok_and(|state| !state.starts_with('Z'));
            Ok((!process::all()?.iter().any(|(pid, _)| is_ours(*pid) && runs(*pid))).then_some(()))
        })
    }
}

fn a_sandbox_that_ends_leaves_nothing() -> Outcome {
    // A tree of mounts of this case's own, which a sandbox could change and nobody else on the host does.
    unshare(CloneFlags::CLONE_NEWNS)?;
    for kind in [MountPropagationFlags::PRIVATE, MountPropagationFlags::SHARED] {
        mount_change("/", kind | MountPropagationFlags::REC)?;
    }
    let mounts = || fs::read_to_string("/proc/self/mountinfo");
    let before = mounts()?;
    let mut sandbox = outer::sandbox(&["--bare"], &["sh", "-c", "setsid tail -f /dev/null & mkdir /sys/fs/cgroup/a"])?;
    let process = Process::start(sandbox.stdout(Stdio::null()))?;
    let subtree = outer::subtree(process.pid())?;
    ensure_eq!(process.status()?, 0);
    ensure!(!subtree.exists(), "{} is left", subtree.display());
    ensure_eq!(mounts()?, before);
    Ok(())
}

fn a_killed_sandbox_leaves_nothing() -> Outcome {
    let running = Running::start()?;
    running.outer.signal(Signal::KILL)?;
    ensure_eq!(running.outer.status()?, 128 + 9);
    running.has_left_nothing()
}

fn a_terminated_sandbox_leaves_nothing_and_says_so() -> Outcome {
    let running = Running::start()?;
    running.outer.signal(Signal::TERM)?;
    ensure_eq!(running.outer.status()?, 128 + 15);
    ensure!(!outer::subtree(running.outer.pid())?.exists(), "the cgroup was not removed before the end");
    running.has_left_nothing()
}

fn a_folder_of_the_systems_is_no_place_to_start() -> Outcome {
    for folder in ["/", "/etc", "/usr", "/tmp"] {
        let ran = run::output(outer::sandbox(&["--bare"], &["true"])?.current_dir(folder))?;
        ensure_eq!((folder, ran.status.code()), (folder, Some(125)));
        ensure_eq!(ran.stderr.lines().count(), 1);
    }
    Ok(())
}

fn logs_are_kept_in_an_empty_folder_only() -> Outcome {
    run::output(&mut outer::sandbox(&["--bare", "--logs=kept"], &["true"])?)?.well()?;
    ensure!(Path::new("kept/messages").exists(), "no log was kept");
    let ran = run::output(&mut outer::sandbox(&["--bare", "--logs=kept"], &["true"])?)?;
    ensure_eq!(ran.status.code(), Some(125));
    Ok(())
}

fn the_command_is_in_no_session_and_the_folder_is_kept() -> Outcome {
    ensure_eq!(process::cgroup(std::process::id())?, "/init.scope");
    let login = fs::read_to_string("/proc/self/loginuid");
    ensure!(login.as_deref().unwrap_or("4294967295") == "4294967295", "the login uid is {login:?}");
    let folder = std::env::current_dir()?;
    ensure!(folder.join("output").exists(), "the folder is {}", folder.display());
    Ok(())
}

fn orphans_are_reaped() -> Outcome {
    // tail(1) ends when nobody reads what it writes to.
    let script = "sh -c 'echo $$; exec tail -f /dev/null >/dev/null' & exit 0";
    let mut parent = Command::new("sh").args(["-c", script]).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    let output = parent.stdout.take().ok_or_else(|| Failure::new("no output"))?;
    BufReader::new(output).read_line(&mut line)?;
    parent.wait()?;
    let orphan = Process::find(line.trim().parse()?)?;
    ensure_eq!(process::status_field(orphan.pid(), "PPid")?, "1");
    orphan.signal(Signal::KILL)?;
    orphan.ended()?;
    let path = format!("/proc/{}", orphan.pid());
    wait::until("the orphan is reaped", || Ok((!Path::new(&path).exists()).then_some(())))
}

fn what_is_logged_is_in_messages() -> Outcome {
    UnixDatagram::unbound()?.send_to(b"<13>Nov 21 21:03:05 case[7]: one\ntwo", "/dev/log")?;
    wait::until_in(Path::new(paths::LOGS), "the message is written", || {
        let text = fs::read_to_string(paths::MESSAGES)?;
        Ok(text.contains("Nov 21 21:03:05 case[7]: one\\ntwo\n").then_some(()))
    })
}
