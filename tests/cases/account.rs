//! Accounts that cannot log in, or not just so, and PAM stacks that are broken or unusual: a clear word, no session left.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tests::outcome::Outcome;
use tests::people::{ALICE, ROOT};
use tests::run::run;
use tests::terminal::Terminal;
use tests::visit::{self, Visit};
use tests::{ensure, ensure_eq, paths, settings, stack};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(a_shell_that_cannot_be_run_is_told_and_the_session_closed),
    inside!(without_a_home_to_enter_a_person_starts_in_the_root_folder),
    inside!(without_a_home_where_one_is_required_nobody_is_let_in),
    inside!(an_expired_account_is_told_so_after_the_right_password_only),
    inside!(an_expired_password_is_changed_on_the_spot),
    inside!(an_expired_password_that_is_not_changed_lets_nobody_in),
    inside!(a_locked_account_is_answered_like_a_wrong_password),
    inside!(while_nologin_stands_only_root_logs_in_and_others_read_it),
    inside!(without_a_stack_of_its_own_login_takes_that_of_other),
    inside!(without_any_stack_nobody_is_let_in),
    inside!(a_stack_that_names_a_missing_module_lets_nobody_in),
    inside!(a_module_may_ask_for_three_secrets),
    inside!(whoever_leaves_at_a_question_is_asked_no_other),
    inside!(an_error_that_a_module_shows_is_seen_and_ends_nothing),
    inside!(a_module_that_hangs_is_ended_by_the_timeout),
    inside!(a_module_that_hangs_while_the_session_opens_leaves_no_session),
    inside!(a_module_that_refuses_the_session_leaves_none),
];

/// Gives the right name and password and waits until login has said `words` and ended: its exit status.
fn refused_with(words: &str) -> Outcome<i32> {
    let mut visit = Visit::at_the_door()?;
    visit.give("alice", "alice")?;
    visit.terminal.expect(words)?;
    let line = visit.terminal.line().to_owned();
    let status = visit.login.status()?;
    run("who", &[])?.well()?.not_saying(&line)?;
    nobody_has_a_session()?;
    Ok(status)
}

fn nobody_has_a_session() -> Outcome {
    tests::wait::until_in(Path::new(visit::SESSIONS), "no session is left", || {
        Ok(visit::names_in(visit::SESSIONS)?.is_empty().then_some(()))
    })
}

fn root_logs_in() -> Outcome {
    let mut root = Visit::begin(&ROOT)?;
    ensure_eq!(root.shell("id -un")?, "root");
    ensure_eq!(root.leave()?, 0);
    Ok(())
}

fn a_shell_that_cannot_be_run_is_told_and_the_session_closed() -> Outcome {
    visit::forget_users_soon()?;
    settings::login_defs("FAIL_DELAY", "1")?;
    fs::write("/tmp/not-executable", "#!/bin/sh\n")?;
    fs::write("/tmp/no-interpreter", "#!/nonexistent/interpreter\n")?;
    fs::set_permissions("/tmp/no-interpreter", Permissions::from_mode(0o755))?;
    for shell in ["/nonexistent/shell", "/tmp/not-executable", "/tmp/no-interpreter", "/tmp", "sh"] {
        set_shell(shell)?;
        let mut visit = Visit::at_the_door()?;
        visit.give("alice", "alice")?;
        visit.terminal.expect(&format!("cannot run {shell}"))?;
        let line = visit.terminal.line().to_owned();
        let login = format!("[{:05}]", visit.login.pid());
        ensure_eq!(visit.login.status()?, 0);
        let dump = run("utmpdump", &["/var/log/wtmp"])?.well()?.stdout;
        let records = |kind: &str| dump.lines().filter(|row| row.starts_with(kind) && row.contains(&login)).count();
        ensure!(records("[7]") == 1 && records("[8]") == 1, "not one login and one logout on {line}:\n{dump}");
        run("who", &[])?.well()?.not_saying(&line)?;
    }
    visit::nothing_left()
}

// usermod refuses what is no path.
fn set_shell(shell: &str) -> Outcome {
    let accounts = fs::read_to_string("/etc/passwd")?;
    let mut changed = String::new();
    for line in accounts.lines() {
        match line.rsplit_once(':') {
            Some((rest, _)) if line.starts_with("alice:") => changed += &format!("{rest}:{shell}\n"),
            _ => changed += &format!("{line}\n"),
        }
    }
    Ok(fs::write("/etc/passwd", changed)?)
}

fn without_a_home_to_enter_a_person_starts_in_the_root_folder() -> Outcome {
    std::os::unix::fs::chown(ALICE.home, Some(0), Some(0))?; // hers to name, not to enter
    for is_there in [true, false] {
        if !is_there {
            fs::remove_dir_all(ALICE.home)?;
        }
        let mut visit = Visit::at_the_door()?;
        visit.give("alice", "alice")?;
        visit.terminal.expect(ALICE.home)?;
        visit.terminal.expect("$ ")?;
        ensure_eq!(visit.shell("pwd; echo $HOME")?, "/\n/");
        ensure_eq!(visit.leave()?, 0);
    }
    Ok(())
}

fn without_a_home_where_one_is_required_nobody_is_let_in() -> Outcome {
    visit::forget_users_soon()?;
    settings::login_defs("DEFAULT_HOME", "no")?;
    fs::remove_dir_all(ALICE.home)?;
    ensure_eq!(refused_with(ALICE.home)?, 0); // the session was open, and is over
    visit::nothing_left()
}

fn an_expired_account_is_told_so_after_the_right_password_only() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    run("chage", &["-d", "1", "-M", "1", "-I", "1", "alice"])?.well()?; // the password, too long ago
    ensure_eq!(refused_with("expired")?, 1);
    run("chage", &["-d", "20000", "-M", "99999", "-I", "-1", "-E", "1", "alice"])?.well()?;
    ensure_eq!(refused_with("expired")?, 1);
    let mut visit = Visit::at_the_door()?;
    visit.give("alice", "wrong")?;
    visit.terminal.expect("Login incorrect")?;
    visit.terminal.expect("login: ")?;
    ensure!(!visit.terminal.transcript()?.contains("expired"), "a stranger learns that the account has expired");
    Ok(())
}

fn hash() -> Outcome<String> {
    let shadow = fs::read_to_string("/etc/shadow")?;
    let line = shadow.lines().find(|line| line.starts_with("alice:")).unwrap_or_default();
    Ok(line.split(':').nth(1).unwrap_or_default().to_owned())
}

/// Logs in with a password that must be changed, up to the question for the new one.
fn asked_for_a_new_password() -> Outcome<Visit> {
    let mut visit = Visit::at_the_door()?;
    visit.give("alice", "alice")?;
    visit.terminal.expect("change your password")?;
    visit.terminal.expect("Current password: ")?;
    visit.terminal.enter("alice")?;
    visit.terminal.expect("New password: ")?;
    Ok(visit)
}

const NEW: &str = "correct horse battery";

fn an_expired_password_is_changed_on_the_spot() -> Outcome {
    run("chage", &["-d", "0", "alice"])?.well()?;
    let mut visit = asked_for_a_new_password()?;
    visit.terminal.enter(NEW)?;
    visit.terminal.expect("new password: ")?;
    visit.terminal.enter(NEW)?;
    visit.terminal.expect("$ ")?;
    ensure_eq!(visit.shell("id -un")?, "alice");
    ensure_eq!(visit.leave()?, 0);
    let mut again = Visit::at_the_door()?;
    again.give("alice", NEW)?;
    again.terminal.expect("$ ")?;
    ensure!(!again.terminal.transcript()?.contains(NEW), "a password is seen:\n{}", again.terminal.screen());
    ensure_eq!(again.leave()?, 0);
    Ok(())
}

fn an_expired_password_that_is_not_changed_lets_nobody_in() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    run("chage", &["-d", "0", "alice"])?.well()?;
    let before = hash()?;

    let mut refused = asked_for_a_new_password()?; // pam_unix asks three times at most
    refused.terminal.enter(NEW)?;
    refused.terminal.expect("new password: ")?;
    refused.terminal.enter("another")?;
    refused.terminal.expect("not match")?;
    while !refused.login.ended_within(std::time::Duration::from_millis(300))? {
        refused.terminal.enter("")?;
    }
    ensure_eq!(refused.login.status()?, 1);

    // Instead of a new password: end of file; the same after ^C and ^Z, which end nothing; and the line closed.
    for (typed, expected) in [("\x04", 1), ("\x03\x1a\x04", 1), ("", 1)] {
        let visit = asked_for_a_new_password()?;
        visit.terminal.send(typed)?;
        let Visit { terminal, login } = visit;
        let open = Some(terminal).filter(|_| !typed.is_empty());
        ensure_eq!((typed, login.status()?), (typed, expected));
        drop(open);
    }
    let mut visit = asked_for_a_new_password()?;
    visit.terminal.enter(NEW)?;
    visit.terminal.expect("new password: ")?;
    let Visit { terminal, login } = visit;
    drop(terminal);
    ensure_eq!(login.status()?, 1); // as after an end of file: who has answered once has tried, and that is recorded
    ensure_eq!(hash()?, before);
    ensure_eq!(visit::names_in(visit::SESSIONS)?, Vec::<String>::new());
    ensure_eq!(visit::names_in(visit::RUNTIME)?, Vec::<String>::new());
    Ok(())
}

fn a_locked_account_is_answered_like_a_wrong_password() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    run("passwd", &["-l", "alice"])?.well()?;
    let mut screens = Vec::new();
    for (name, password) in [("alice", "alice"), ("bob", "wrong")] {
        let mut visit = Visit::at_the_door()?;
        visit.give(name, password)?;
        screens.push(visit.terminal.expect("login: ")?);
    }
    ensure_eq!(screens[0], screens[1]);
    run("passwd", &["-u", "alice"])?.well()?;
    ensure_eq!(Visit::begin(&ALICE)?.leave()?, 0);
    Ok(())
}

fn while_nologin_stands_only_root_logs_in_and_others_read_it() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    let text = include_str!("../../dist/pam.d/login");
    let module = format!("{}/pam_session_rs.so", paths::PROGRAMS);
    fs::write(stack::LOGIN, text.replace("pam_session_rs.so", &module))?;
    fs::write("/etc/nologin", "closed for repairs\n")?;
    let mut visit = Visit::at_the_door()?;
    visit.terminal.enter("alice")?;
    visit.terminal.expect("closed for repairs")?;
    ensure!(!visit.terminal.transcript()?.contains('$'), "alice is in");
    // login -f asks no password, and is refused by the account section.
    let mut trusted = Terminal::open()?;
    let mut login = std::process::Command::new(Path::new(paths::PROGRAMS).join("login"));
    let login = trusted.start(login.args(["-f", "alice"]))?;
    trusted.expect("closed for repairs")?;
    ensure_eq!(login.status()?, 1);
    nobody_has_a_session()?;
    root_logs_in()?;
    fs::remove_file("/etc/nologin")?;
    ensure_eq!(Visit::begin(&ALICE)?.leave()?, 0);
    Ok(())
}

fn without_a_stack_of_its_own_login_takes_that_of_other() -> Outcome {
    fs::remove_file(stack::LOGIN)?;
    let mut visit = Visit::begin(&ALICE)?;
    ensure!(!visit.session()?.is_empty(), "no session by the stack of other");
    ensure_eq!(visit.leave()?, 0);
    Ok(())
}

fn without_any_stack_nobody_is_let_in() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    fs::remove_file(stack::LOGIN)?;
    fs::remove_file("/etc/pam.d/other")?;
    broken_stack_is_told()
}

fn a_stack_that_names_a_missing_module_lets_nobody_in() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    let text = fs::read_to_string(stack::LOGIN)?;
    for section in ["auth", "account", "session"] {
        fs::write(stack::LOGIN, format!("{section} required pam_nonexistent.so\n{text}"))?;
        broken_stack_is_told().map_err(|e| e.during(section))?;
    }
    run("chage", &["-d", "0", "alice"])?.well()?;
    fs::write(stack::LOGIN, format!("password required pam_nonexistent.so\n{text}"))?;
    broken_stack_is_told().map_err(|e| e.during("password"))?;
    run("chage", &["-d", "20000", "alice"])?.well()?;
    // A session module that may be missing is missed by nobody.
    fs::write(stack::LOGIN, format!("{text}-session optional pam_nonexistent.so\n"))?;
    ensure_eq!(Visit::begin(&ALICE)?.leave()?, 0);
    Ok(())
}

/// Whoever knows the right password hears that the machine is at fault, not they.
fn broken_stack_is_told() -> Outcome {
    let mut visit = Visit::at_the_door()?;
    visit.terminal.enter("alice")?;
    while !visit.login.ended_within(std::time::Duration::from_millis(300))? {
        visit.terminal.enter("alice")?;
    }
    let screen = visit.terminal.transcript()?;
    ensure_eq!(visit.login.status()?, 1);
    ensure!(screen.contains("login: "), "nothing is told:\n{screen}");
    ensure!(!screen.contains("$ ") && !screen.contains("Login incorrect"), "the person is blamed:\n{screen}");
    nobody_has_a_session()
}

fn a_module_may_ask_for_three_secrets() -> Outcome {
    let text = fs::read_to_string(stack::LOGIN)?;
    for how in ["apart", "together"] {
        fs::write(stack::LOGIN, &text)?;
        stack::begin_with(&format!("auth required JUDGE ask={how}"))?;
        let mut visit = Visit::at_the_door()?;
        visit.terminal.enter("alice")?;
        for (question, secret) in [("First", "one"), ("Second", "two"), ("Third", "three")] {
            visit.terminal.expect(&format!("{question} secret: "))?;
            visit.terminal.enter(secret)?;
        }
        visit.terminal.expect("Password: ")?;
        visit.terminal.enter("alice")?;
        visit.terminal.expect("$ ")?;
        let screen = visit.terminal.transcript()?;
        ensure!(!screen.contains("two") && !screen.contains("three"), "a secret is seen:\n{screen}");
        ensure_eq!(visit.leave()?, 0);
    }
    nobody_has_a_session()
}

fn whoever_leaves_at_a_question_is_asked_no_other() -> Outcome {
    settings::login_defs("FAIL_DELAY", "0")?;
    let text = fs::read_to_string(stack::LOGIN)?;
    for how in ["apart", "together"] {
        fs::write(stack::LOGIN, &text)?;
        stack::begin_with(&format!("auth required JUDGE ask={how}"))?;
        let mut visit = Visit::at_the_door()?;
        visit.terminal.enter("alice")?;
        visit.terminal.expect("First secret: ")?;
        visit.terminal.enter("one")?;
        visit.terminal.expect("Second secret: ")?;
        visit.terminal.send("\x04")?;
        ensure_eq!(visit.login.status()?, 0);
        ensure!(
            !visit.terminal.transcript()?.contains("Password"),
            "the next module has asked:\n{}",
            visit.terminal.screen()
        );
    }
    nobody_has_a_session()
}

fn an_error_that_a_module_shows_is_seen_and_ends_nothing() -> Outcome {
    stack::begin_with("auth required JUDGE error=beware")?;
    stack::end_with("session required JUDGE error=mind-the-gap")?;
    let mut visit = Visit::at_the_door()?;
    visit.terminal.enter("alice")?;
    visit.terminal.expect("beware")?;
    visit.terminal.expect("Password: ")?;
    visit.terminal.enter("alice")?;
    visit.terminal.expect("mind-the-gap")?;
    visit.terminal.expect("$ ")?;
    ensure_eq!(visit.shell("id -un")?, "alice");
    ensure_eq!(visit.leave()?, 0);
    Ok(())
}

fn a_module_that_hangs_is_ended_by_the_timeout() -> Outcome {
    settings::login_defs("LOGIN_TIMEOUT", "2")?;
    stack::begin_with("auth required JUDGE hang")?;
    let mut visit = Visit::at_the_door()?;
    visit.terminal.enter("alice")?;
    visit.terminal.expect("timed out")?;
    ensure_eq!(visit.login.status()?, 0);
    nobody_has_a_session()
}

fn a_module_that_hangs_while_the_session_opens_leaves_no_session() -> Outcome {
    visit::forget_users_soon()?;
    settings::login_defs("LOGIN_TIMEOUT", "6")?; // for the password as well
    stack::end_with("session required JUDGE hang")?;
    ensure_eq!(refused_with("timed out")?, 0);
    visit::nothing_left()
}

fn a_module_that_refuses_the_session_leaves_none() -> Outcome {
    visit::forget_users_soon()?;
    settings::login_defs("FAIL_DELAY", "0")?;
    stack::end_with("session required pam_deny.so")?;
    ensure_eq!(refused_with("login: ")?, 1);
    visit::nothing_left()
}
