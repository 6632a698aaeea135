//! seat0 as D-Bus, the state files and other programs see it.

use tests::outcome::{Failure, Outcome};
use tests::{ensure, ensure_eq};

use crate::machine::{Machine, PROGRAMS};

/// elogind's loginctl, as it is.
pub(crate) const LOGINCTL: &str = "LD_LIBRARY_PATH=$(echo /opt/session-rs-peers/elogind/*/elogind) \
                                   $(ls -d /opt/session-rs-peers/elogind/*bin/loginctl)";
const MANAGER: &str = "org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager";
const SEAT: &str = "org.freedesktop.login1 /org/freedesktop/login1/seat/seat0 org.freedesktop.login1.Seat";

/// Calls a method of the manager: name and arguments as busctl takes them.
pub(crate) fn manager(machine: &mut Machine, call: &str) -> Outcome<String> {
    machine.sh(&format!("busctl call {MANAGER} {call}"))
}

/// Calls a method of seat0.
pub(crate) fn seat(machine: &mut Machine, call: &str) -> Outcome<String> {
    machine.sh(&format!("busctl call {SEAT} {call}"))
}

/// A property of seat0, as busctl prints it.
pub(crate) fn property(machine: &mut Machine, name: &str) -> Outcome<String> {
    Ok(machine.sh(&format!("busctl get-property {SEAT} {name}"))?.trim_end().to_owned())
}

/// A property of a session, as busctl prints it.
pub(crate) fn session_property(machine: &mut Machine, session: &str, name: &str) -> Outcome<String> {
    let path = manager(machine, &format!("GetSession s {session}"))?;
    let path = path.trim().trim_start_matches("o \"").trim_end_matches('"');
    let interface = "org.freedesktop.login1.Session";
    Ok(machine
        .sh(&format!("busctl get-property org.freedesktop.login1 {path} {interface} {name}"))?
        .trim_end()
        .to_owned())
}

/// The value of a key of a state file below /run/systemd; empty if it is not there.
pub(crate) fn state(machine: &mut Machine, file: &str, key: &str) -> Outcome<String> {
    Ok(machine.sh(&format!("sed -n 's/^{key}=//p' /run/systemd/{file}"))?.trim_end().to_owned())
}

/// Waits until a session is active on seat0, and sees that all who can be asked say so of it, and of `others` that they
/// are not.
///
/// # Errors
/// Who says otherwise.
pub(crate) fn is_active_alone(machine: &mut Machine, session: &str, others: &[&str]) -> Outcome {
    machine.until(&format!("grep -qx ACTIVE={session} /run/systemd/seats/seat0")).map_err(|e| e.during(session))?;
    let active = property(machine, "ActiveSession")?;
    ensure!(active.starts_with(&format!("(so) \"{session}\" ")), "ActiveSession is {active}");
    for one in std::iter::once(&session).chain(others) {
        let is_it = *one == session;
        let (word, number) = if is_it { ("active", "1") } else { ("online", "0") };
        ensure_eq!(state(machine, &format!("sessions/{one}"), "STATE")?, word);
        ensure_eq!(session_property(machine, one, "State")?, format!("s \"{word}\""));
        ensure_eq!(session_property(machine, one, "Active")?, format!("b {is_it}"));
        let shown = machine.sh(&format!("{LOGINCTL} show-session {one} -p State -p Active"))?;
        ensure!(shown.contains(&format!("State={word}")), "loginctl: {shown}");
        let leader = state(machine, &format!("sessions/{one}"), "LEADER")?;
        let judged = machine.sh(&format!("{PROGRAMS}/judges/sd_login {leader}"))?;
        ensure!(judged.contains(&format!("sd_session_is_active={number}\n")), "libsystemd of {one}: {judged}");
        let of_theirs = process_of(machine, one)?;
        ensure_eq!(polkit_allows(machine, &of_theirs)?, is_it);
    }
    Ok(())
}

/// Whether polkit lets the process do what only who is active may.
///
/// # Errors
/// That polkit was not asked.
pub(crate) fn polkit_allows(machine: &mut Machine, pid: &str) -> Outcome<bool> {
    let script = format!(
        "set -- $(sed 's/.*) //' /proc/{pid}/stat); shift 19
         pkcheck --action-id org.session-rs.machine.try --process {pid},$1,$(ps -o ruid= -p {pid} | tr -d ' ')"
    );
    let said = machine.run(&script)?;
    match said.status {
        0 => Ok(true),
        1 | 3 => Ok(false), // not authorized, or to be had by another authentication (pkcheck(1))
        _ => Err(said.complaint("polkit was not asked")),
    }
}

/// A process of a session that is the user's own: the leader is root's, who may do everything.
///
/// # Errors
/// That there is none.
pub(crate) fn process_of(machine: &mut Machine, session: &str) -> Outcome<String> {
    // The leader's child stays as long as the session; others that are there now may be about to end.
    machine.until(&format!(
        "for pid in $(pgrep -P $(sed -n 's/^LEADER=//p' /run/systemd/sessions/{session})); do
             [ \"$(stat -c %u /proc/$pid)\" = 0 ] || exec echo $pid
         done; false"
    ))
}

/// The session of whoever works at a virtual terminal's shell.
pub(crate) fn session_at(machine: &mut Machine, vt: u8) -> Outcome<String> {
    let session = machine.shell(vt, "echo $XDG_SESSION_ID")?;
    if session.is_empty() { Err(Failure::new(format!("no session on tty{vt}"))) } else { Ok(session) }
}
