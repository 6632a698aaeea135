//! lastlog2's database of last logins: its library, its PAM module and util-linux's login read what ours wrote.

use std::fs;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;

use nix::fcntl::{FcntlArg, fcntl};
use rustix::mount::{MountFlags, mount_bind, mount_remount};
use tests::outcome::Outcome;
use tests::terminal::Terminal;
use tests::{ensure, ensure_eq, log, peers, settings, stack};

use crate::case::{Case, inside};

pub(crate) const CASES: &[Case] = &[
    inside!(a_login_is_in_lastlog2s_database_where_no_module_writes_it),
    inside!(what_pam_lastlog2_shows_login_does_not_show_again),
    inside!(a_locked_database_of_last_logins_holds_no_login),
    inside!(a_database_of_last_logins_on_a_read_only_disk_is_told_of_once),
];

const DATABASE: &str = "/var/lib/lastlog/lastlog2.db";

/// An empty database, as an installation begins with.
fn begin() -> Outcome {
    fs::create_dir_all("/var/lib/lastlog")?;
    Ok(fs::write(DATABASE, "")?)
}

/// Has pam_lastlog2 tell of the last login and record this one.
fn have_the_module() -> Outcome {
    let module = peers::pam_module("util-linux-login", "pam_lastlog2.so")?;
    stack::end_with(&format!("session optional {}", module.display()))
}

/// What is on the screen when `login` has let alice in, and the line's name. She leaves again.
fn visit(mut login: Command) -> Outcome<(String, String)> {
    let mut terminal = Terminal::open()?;
    let process = terminal.start(login.args(["-f", "alice"]).env("TERM", "vt220"))?;
    let screen = terminal.expect("$ ")?;
    terminal.enter("exit")?;
    process.status()?;
    Ok((screen, terminal.line().to_owned()))
}

/// Our login, on a C library that has lastlog2's.
fn ours() -> Outcome<Command> {
    peers::on_its_loader(Path::new("/bin/login"))
}

fn a_login_is_in_lastlog2s_database_where_no_module_writes_it() -> Outcome {
    begin()?;
    let (_, line) = visit(ours()?)?;
    have_the_module()?;
    let (screen, _) = visit(peers::util_linux_login()?)?;
    ensure_eq!(screen.matches("Last login: ").count(), 1);
    ensure_eq!(screen.matches(&format!(" on {line}")).count(), 1);
    settings::login_defs("LASTLOG_ENAB", "no")?;
    let before = fs::read(DATABASE)?;
    stack::write("login", &["required pam_permit.so"])?;
    visit(ours()?)?;
    ensure!(fs::read(DATABASE)? == before, "the database has changed");
    Ok(())
}

fn what_pam_lastlog2_shows_login_does_not_show_again() -> Outcome {
    begin()?;
    have_the_module()?;
    settings::login_defs("LASTLOG_ENAB", "yes")?;
    visit(ours()?)?;
    let (screen, _) = visit(ours()?)?;
    ensure_eq!(screen.matches("Last login: ").count(), 1);
    Ok(())
}

fn a_locked_database_of_last_logins_holds_no_login() -> Outcome {
    begin()?;
    visit(ours()?)?;
    let database = fs::OpenOptions::new().read(true).write(true).open(DATABASE)?;
    // The bytes that SQLite locks to write (https://sqlite.org/fileformat2.html, "lock-byte page").
    let lock = libc::flock {
        l_type: i16::try_from(libc::F_WRLCK)?,
        l_whence: i16::try_from(libc::SEEK_SET)?,
        l_start: 1 << 30,
        l_len: 512,
        l_pid: 0,
    };
    fcntl(database.as_fd(), FcntlArg::F_OFD_SETLK(&lock))?;
    let before = fs::read(DATABASE)?;
    visit(ours()?)?;
    ensure!(fs::read(DATABASE)? == before, "the database has changed");
    Ok(())
}

fn a_database_of_last_logins_on_a_read_only_disk_is_told_of_once() -> Outcome {
    begin()?;
    mount_bind(DATABASE, DATABASE)?;
    mount_remount(DATABASE, MountFlags::BIND | MountFlags::RDONLY, "")?;
    visit(ours()?)?;
    visit(ours()?)?;
    let lines = log::lines_about(DATABASE)?;
    ensure!(lines.len() == 1 && lines[0].contains("Read-only file system"), "the log says {lines:#?}");
    Ok(())
}
