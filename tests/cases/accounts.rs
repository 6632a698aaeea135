//! The sandbox's people and its PAM stacks, without anything of ours in them.

use std::fs;
use std::process::Command;

use tests::outcome::Outcome;
use tests::people::{ALICE, BOB, Person, ROOT};
use tests::terminal::Terminal;
use tests::{ensure, ensure_eq, run};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(everybodys_password_is_their_name, "--bare"),
    inside!(a_wrong_password_is_refused, "--bare"),
    inside!(alice_can_check_her_own_password_and_no_other, "--bare"),
    inside!(su_makes_alice_of_root, "--bare"),
    inside!(su_asks_bob_for_alices_password, "--bare"),
    inside!(no_stack_is_the_hosts, "--bare"),
];

fn authenticate(person: &Person, password: &str) -> Outcome<i32> {
    let mut terminal = Terminal::open()?;
    let pamtester = terminal.start(Command::new("pamtester").args(["login", person.name, "authenticate"]))?;
    terminal.expect("assword: ")?;
    terminal.enter(password)?;
    pamtester.status()
}

fn everybodys_password_is_their_name() -> Outcome {
    for person in [&ROOT, &ALICE, &BOB] {
        ensure_eq!((person.name, authenticate(person, person.name)?), (person.name, 0));
    }
    Ok(())
}

fn a_wrong_password_is_refused() -> Outcome {
    for password in ["bob", "", "Alice"] {
        ensure!(authenticate(&ALICE, password)? != 0, "{password:?} was taken for alice's password");
    }
    Ok(())
}

fn alice_can_check_her_own_password_and_no_other() -> Outcome {
    let mut terminal = Terminal::open()?;
    let shell = terminal.start(Command::new("su").args(["-", "alice"]))?;
    terminal.expect("$ ")?;
    for (name, password, is_right) in [("alice", "alice", true), ("alice", "bob", false), ("bob", "bob", false)] {
        terminal.enter(&format!("pamtester login {name} authenticate; echo status $?."))?;
        terminal.expect("assword: ")?;
        terminal.enter(password)?;
        terminal.expect("status ")?;
        let status = terminal.expect(".")?;
        ensure_eq!((name, password, status == "0."), (name, password, is_right));
    }
    terminal.enter("exit")?;
    ensure_eq!(shell.status()?, 0);
    Ok(())
}

fn su_makes_alice_of_root() -> Outcome {
    let ran = run::run("su", &["-", "alice", "-c", "id -un; pwd; touch mine"])?.well()?;
    ensure_eq!(ran.stdout, "alice\n/home/alice\n");
    Ok(())
}

fn su_asks_bob_for_alices_password() -> Outcome {
    let mut terminal = Terminal::open()?;
    let shell = terminal.start(Command::new("su").args(["bob", "-c", "su alice -c 'id -un'"]))?;
    terminal.expect("assword: ")?;
    terminal.enter("alice")?;
    terminal.expect("alice")?;
    ensure_eq!(shell.status()?, 0);
    Ok(())
}

fn no_stack_is_the_hosts() -> Outcome {
    let mut names: Vec<_> = fs::read_dir("/etc/pam.d")?.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    ensure_eq!(names, ["cron", "login", "other", "remote", "sshd", "su", "su-l", "sudo", "sudo-i"]);
    for name in names {
        let stack = fs::read_to_string(std::path::Path::new("/etc/pam.d").join(&name))?;
        ensure!(!stack.contains("include"), "{} includes another:\n{stack}", name.display());
    }
    Ok(())
}
