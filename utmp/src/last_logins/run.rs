//! What lastlog does, in order.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use chrono::{DateTime, Local};

use super::options::{Act, Asked, LASTLOG, Options};
use super::users::{self, Meant, User};
use crate::files::Files;
use crate::lastlog::LastLogin;
use crate::open::WriteError;
use crate::paths;
use crate::read::ReadError;
use crate::record::Time;
use crate::text::Text;

const DAY: i64 = 86_400;

/// Why not all was done.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("Unknown user or range: {}", .0.escape_debug())]
    Unknown(String),
    #[error("cannot read the users")]
    Users(#[source] io::Error),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("write error")]
    Print(#[from] io::Error),
}

/// Does what `arguments` ask of lastlog: the whole program.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let outcome = match Asked::parse(arguments) {
        Ok(Asked::Say(text)) => io::stdout().write_all(text.as_bytes()).map_err(Failure::from),
        Ok(Asked::Records(options)) => act(&options, Time::now()),
        Err(wrong) => {
            complain(&wrong);
            if wrong.asks_for_help() {
                say(&LASTLOG.help());
            }
            return ExitCode::FAILURE;
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads has seen enough.
        Err(Failure::Print(e)) if e.kind() == ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(failure) => {
            complain(&failure);
            ExitCode::FAILURE
        }
    }
}

fn act(options: &Options, now: Time) -> Result<(), Failure> {
    let root = options.root.as_deref().unwrap_or(Path::new("/"));
    let files = Files::under(root);
    let there = users::all(&root.join(paths::USERS.trim_start_matches('/'))).map_err(Failure::Users);
    let chosen = match &options.of {
        None => there?,
        Some(text) => {
            // Of another system only the file is known.
            let known = if options.root.is_some() { Some(there?) } else { None };
            match users::meant(text, known.as_deref()).ok_or_else(|| Failure::Unknown(text.clone()))? {
                Meant::One(user) => vec![user],
                Meant::Nobody => Vec::new(),
                Meant::Range(range) => {
                    let all = known.map_or_else(|| users::all(Path::new(paths::USERS)).map_err(Failure::Users), Ok)?;
                    all.into_iter().filter(|user| range.contains(&user.uid)).collect()
                }
            }
        }
    };
    match options.act {
        Act::Print => print(options, &files, &chosen, now),
        Act::Clear => {
            write(&files, &chosen, &LastLogin { time: Time::default(), line: Text::EMPTY, host: Text::EMPTY })
        }
        Act::Set => {
            let login = LastLogin { time: now, line: Text::new("lastlog"), host: Text::new("localhost") };
            write(&files, &chosen, &login)
        }
    }
}

fn write(files: &Files, users: &[User], login: &LastLogin) -> Result<(), Failure> {
    for user in users {
        files.record_lastlog(user.uid, login)?;
    }
    Ok(())
}

fn print(options: &Options, files: &Files, users: &[User], now: Time) -> Result<(), Failure> {
    let mut page = Vec::new();
    for user in users {
        let login = files.last_login(user.uid)?;
        let age = now.seconds - login.as_ref().map_or(0, |login| login.time.seconds);
        let is_too_old = options.since.is_some_and(|days| age > days * DAY);
        let is_too_new = options.before.is_some_and(|days| age < days * DAY);
        if is_too_old || is_too_new {
            continue;
        }
        if page.is_empty() {
            writeln!(page, "{:<16} {:<8} {:<42} Latest", "Username", "Port", "From")?;
        }
        write_line(&mut page, user, login.as_ref())?;
    }
    io::stdout().write_all(&page)?;
    Ok(())
}

/// In shadow's columns; but no byte of a name does anything to a terminal.
fn write_line(page: &mut Vec<u8>, user: &User, login: Option<&LastLogin>) -> io::Result<()> {
    let (line, host, when) = match login {
        None => (String::new(), String::new(), "**Never logged in**".to_owned()),
        Some(login) => {
            let line = login.line.as_bytes();
            let line = line[..line.len().min(8)].escape_ascii().to_string();
            let when = DateTime::from_timestamp(login.time.seconds, 0).unwrap_or_default().with_timezone(&Local);
            (line, login.host.to_string(), when.format("%a %b %e %H:%M:%S %z %Y").to_string())
        }
    };
    writeln!(page, "{:<16} {line:<8} {host:<42}{when}", user.name.escape_ascii().to_string())
}

fn complain(error: &dyn Error) {
    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    say(&format!("lastlog: {error}{cause}"));
}

/// With stderr closed there is nobody to tell; the exit code stands.
fn say(text: &str) {
    let _told = writeln!(io::stderr(), "{text}");
}
