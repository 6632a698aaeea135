//! openssh's sshd as the module's host: a shell, a command, sftp, many at once, a client that is killed, and an sshd
//! that was started from somebody's session.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;
use tests::outcome::{Failure, Outcome};
use tests::people::{ALICE, Person, ROOT};
use tests::process::{self, Process};
use tests::terminal::{Terminal, start_as_init};
use tests::visit::{self, Visit};
use tests::{ensure, ensure_eq, peers, run, wait};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(a_shell_over_ssh_is_a_registered_session),
    inside!(without_a_bus_a_shell_over_ssh_is_one_too, "--no-bus"),
    inside!(a_command_over_ssh_has_a_session_as_long_as_it_runs),
    inside!(sftp_has_a_session_as_long_as_it_runs),
    inside!(fifty_at_once_over_ssh_have_a_session_each_and_leave_nothing),
    inside!(a_killed_ssh_client_leaves_nothing_behind),
    inside!(an_ssh_session_whose_leader_is_killed_is_closing_until_its_connection_ends),
    inside!(what_an_ssh_command_leaves_running_keeps_the_session_closing),
    inside!(an_sshd_started_from_a_session_lets_others_have_their_own),
];

const CONFIG: &str = "/etc/ssh/sshd_of_the_case";
const PID_FILE: &str = "/run/sshd.pid";
const KEY: &str = "/root/key";
const OPTIONS: &str = "\
Port 22
ListenAddress 127.0.0.1
HostKey /etc/ssh/host_key
AuthorizedKeysFile /etc/ssh/authorized
PidFile /run/sshd.pid
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
PrintMotd no
UseDNS no
MaxStartups 200
Subsystem sftp /usr/lib/openssh/sftp-server
";

/// Puts sshd, its account, its keys and its configuration in their places.
fn install() -> Outcome {
    for package in ["libwrap0", "openssh-server", "openssh-sftp-server"] {
        peers::install(package)?;
    }
    let mut accounts = fs::read_to_string("/etc/passwd")?;
    if !accounts.contains("\nsshd:") {
        accounts += "sshd:x:993:65534::/run/sshd:/usr/sbin/nologin\n";
        fs::write("/etc/passwd", accounts)?;
    }
    fs::create_dir_all("/run/sshd")?;
    fs::create_dir_all("/etc/ssh")?;
    for key in ["/etc/ssh/host_key", KEY] {
        run::run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", key])?.well()?;
    }
    fs::copy(format!("{KEY}.pub"), "/etc/ssh/authorized")?;
    fs::set_permissions("/etc/ssh/authorized", Permissions::from_mode(0o644))?;
    fs::write(CONFIG, OPTIONS)?;
    Ok(())
}

/// Starts sshd as an init does, and waits until it listens.
fn start() -> Outcome<Process> {
    install()?;
    let log = fs::File::create("/var/log/sshd.log")?;
    let mut sshd = Command::new("/usr/sbin/sshd");
    let sshd = start_as_init(sshd.args(["-D", "-e", "-f", CONFIG]).stderr(log))?;
    listens()?;
    Ok(sshd)
}

// sshd writes its number once it listens.
fn listens() -> Outcome<u32> {
    wait::until_in(Path::new("/run"), "sshd listens", || {
        Ok(fs::read_to_string(PID_FILE).ok().and_then(|text| text.trim().parse().ok()))
    })
}

/// Ends an sshd that [`start`] started.
fn stop(sshd: &Process) -> Outcome {
    sshd.signal(Signal::TERM)?;
    sshd.status().map(drop)
}

/// The client, as `person` and with a key.
fn ssh(person: &Person, words: &[&str]) -> Command {
    let mut ssh = Command::new("ssh");
    ssh.args(client_options()).args(["-o", "BatchMode=yes", &at_home(person)]).args(words);
    ssh
}

fn client_options() -> [&'static str; 10] {
    let unknown = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
    let [a, b, c, d] = unknown;
    ["-F", "none", "-i", KEY, "-o", "LogLevel=ERROR", a, b, c, d]
}

fn at_home(person: &Person) -> String {
    format!("{}@127.0.0.1", person.name)
}

/// A person at a terminal who types their password at ssh, up to the shell's prompt.
fn shell(person: &Person) -> Outcome<Visit> {
    let mut terminal = Terminal::open()?;
    let mut ssh = Command::new("ssh");
    ssh.args(client_options()).args(["-o", "PubkeyAuthentication=no", &at_home(person)]);
    let login = terminal.start(&mut ssh)?;
    terminal.expect("assword: ")?;
    terminal.enter(person.name)?;
    terminal.expect("$ ")?;
    Ok(Visit { terminal, login })
}

fn a_shell_over_ssh_is_a_registered_session() -> Outcome {
    let before = process::all()?;
    let sshd = start()?;
    let mut visit = shell(&ALICE)?;
    let session = visit.session()?;
    ensure!(!session.is_empty(), "no session:\n{}", visit.terminal.screen());
    ensure_eq!(visit.shell("echo $XDG_RUNTIME_DIR")?, format!("/run/user/{}", ALICE.uid));
    ensure_eq!(visit.shell("echo $XDG_SESSION_TYPE $XDG_SESSION_CLASS $XDG_SEAT$XDG_VTNR")?, "tty user");
    let pid: u32 = visit.shell("echo $$")?.parse()?;
    ensure_eq!(process::cgroup(pid)?, format!("/user.slice/user-{}.slice/session-{session}.scope", ALICE.uid));
    let file = visit::file(&session);
    let expected = [
        ("UID", &*ALICE.uid.to_string()),
        ("SERVICE", "sshd"),
        ("TYPE", "tty"),
        ("CLASS", "user"),
        ("STATE", "active"),
        ("REMOTE", "1"),
        ("REMOTE_HOST", "127.0.0.1"),
        ("SEAT", ""),
    ];
    visit::state_is(&file, &expected)?;
    let leader = visit::state(&file, "LEADER")?.unwrap_or_default().parse()?;
    ensure_eq!(process::command_line(leader), "sshd: alice [priv]");
    ensure_eq!(visit.leave()?, 0);
    visit::gone(&session)?;
    stop(&sshd)?;
    visit::as_before(&before)
}

fn without_a_bus_a_shell_over_ssh_is_one_too() -> Outcome {
    a_shell_over_ssh_is_a_registered_session()
}

fn a_command_over_ssh_has_a_session_as_long_as_it_runs() -> Outcome {
    let before = process::all()?;
    let sshd = start()?;
    let says = "echo $XDG_SESSION_ID $XDG_SESSION_CLASS $XDG_RUNTIME_DIR; ls /run/systemd/sessions; exit 3";
    let ran = run::output(&mut ssh(&ALICE, &[says]))?;
    ensure_eq!(ran.status.code(), Some(3));
    let mut lines = ran.stdout.lines();
    let line = lines.next().unwrap_or_default();
    let session = line.split(' ').next().unwrap_or_default();
    ensure_eq!(line, format!("{session} user /run/user/{}", ALICE.uid));
    ensure!(!session.is_empty() && lines.any(|name| name == session), "no session:\n{}", ran.stdout);
    visit::gone(session)?;
    stop(&sshd)?;
    visit::as_before(&before)
}

fn sftp_has_a_session_as_long_as_it_runs() -> Outcome {
    let before = process::all()?;
    let sshd = start()?;
    // `!` runs a command on this side, while the server waits.
    fs::write("/tmp/batch", "put /etc/hostname up\n!ls /run/systemd/sessions >/tmp/during\nget up /tmp/down\n")?;
    let mut sftp = Command::new("sftp");
    run::output(sftp.args(client_options()).args(["-b", "/tmp/batch", &at_home(&ALICE)]))?.well()?;
    ensure_eq!(fs::read_to_string("/tmp/down")?, fs::read_to_string("/etc/hostname")?);
    let during = fs::read_to_string("/tmp/during")?;
    ensure!(!during.trim().is_empty(), "there was no session");
    stop(&sshd)?;
    visit::as_before(&before)
}

fn fifty_at_once_over_ssh_have_a_session_each_and_leave_nothing() -> Outcome {
    let before = process::all()?;
    let sshd = start()?;
    let mut clients = Vec::new();
    for _ in 0..50 {
        let mut client = ssh(&ALICE, &["echo $XDG_SESSION_ID; read -r line"]);
        clients.push(client.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?);
    }
    let mut said = Vec::new();
    for client in &mut clients {
        said.push(first_line(client)?);
    }
    said.sort();
    ensure_eq!(visit::sessions()?, said);
    said.dedup();
    ensure_eq!((said.len(), said.iter().any(String::is_empty)), (50, false));
    for client in &mut clients {
        drop(client.stdin.take()); // the end of what `read` waits for
    }
    for mut client in clients {
        client.wait()?;
    }
    stop(&sshd)?;
    visit::as_before(&before)
}

fn first_line(client: &mut Child) -> Outcome<String> {
    let output = client.stdout.as_mut().ok_or_else(|| Failure::new("no output"))?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    Ok(line.trim_end().to_owned())
}

fn a_killed_ssh_client_leaves_nothing_behind() -> Outcome {
    let before = process::all()?;
    let sshd = start()?;
    let mut visit = shell(&ALICE)?;
    let session = visit.session()?;
    ensure!(!session.is_empty(), "no session:\n{}", visit.terminal.screen());
    visit.login.signal(Signal::KILL)?;
    visit.login.status()?;
    visit::gone(&session)?;
    stop(&sshd)?;
    visit::as_before(&before)
}

fn an_ssh_session_whose_leader_is_killed_is_closing_until_its_connection_ends() -> Outcome {
    let before = process::all()?;
    let sshd = start()?;
    let mut visit = shell(&ALICE)?;
    let session = visit.session()?;
    let leader = visit::state(&visit::file(&session), "LEADER")?.unwrap_or_default();
    Process::find(leader.parse()?)?.signal(Signal::KILL)?;
    is_closing(&session)?;
    ensure_eq!(visit.shell("echo still here")?, "still here"); // what serves the connection is another process
    visit.terminal.enter("exit")?;
    visit.login.status()?;
    visit::gone(&session)?;
    stop(&sshd)?;
    visit::as_before(&before)
}

fn is_closing(session: &str) -> Outcome {
    let file = visit::file(session);
    wait::until("the session is closing", || {
        Ok((visit::state(&file, "STATE")?.as_deref() == Some("closing")).then_some(()))
    })
}

fn what_an_ssh_command_leaves_running_keeps_the_session_closing() -> Outcome {
    let before = process::all()?;
    let sshd = start()?;
    let left = "sleep 1000 </dev/null >/dev/null 2>&1 & echo $! $XDG_SESSION_ID";
    let said = run::output(&mut ssh(&ALICE, &[left]))?.well()?.stdout;
    let (pid, session) = said.trim_end().split_once(' ').ok_or_else(|| Failure::new(said.clone()))?;
    let left = Process::find(pid.parse()?)?;
    is_closing(session)?;
    left.signal(Signal::KILL)?;
    visit::gone(session)?;
    stop(&sshd)?;
    visit::as_before(&before)
}

fn an_sshd_started_from_a_session_lets_others_have_their_own() -> Outcome {
    let before = process::all()?;
    install()?;
    let mut admin = Visit::begin(&ROOT)?;
    let admins = admin.session()?;
    let has_audit = visit::state(&visit::file(&admins), "AUDIT")?.is_some();
    ensure_eq!(admin.shell(&format!("/usr/sbin/sshd -f {CONFIG}"))?, "");
    let sshd = Process::find(listens()?)?;
    ensure_eq!(process::cgroup(sshd.pid())?, format!("/user.slice/user-0.slice/session-{admins}.scope"));

    let mut alice = shell(&ALICE)?;
    let hers = alice.session()?;
    // A kernel without audit sessions cannot tell her login from a `su` of the admin's.
    ensure_eq!((has_audit, hers.is_empty()), (has_audit, !has_audit));
    if has_audit {
        visit::state_is(&visit::file(&hers), &[("UID", &ALICE.uid.to_string())])?;
        ensure_eq!(visit::sessions()?.len(), 2);
    }
    ensure_eq!(alice.leave()?, 0);
    visit::gone(&hers)?;
    visit::state_is(&visit::file(&admins), &[("STATE", "active")])?;
    sshd.signal(Signal::TERM)?;
    sshd.ended()?;
    ensure_eq!(admin.leave()?, 0);
    visit::as_before(&before)
}
