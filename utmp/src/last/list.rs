//! The list: files are read, entries picked, and shown.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::ExitCode;

use chrono::Local;
use rustix::time::{ClockId, clock_gettime};

use super::alive::Alive;
use super::chart::Chart;
use super::given::{AllGiven, Given};
use super::json::Json;
use super::line::{Lines, shown_line, shown_user};
use super::options::{Asked, Options, Show, Wrong};
use super::sessions::{End, Entry, Sessions, What};
use crate::read::ReadError;
use crate::step::{Skipped, Step};
use crate::view::View;

/// Bytes gathered before they are written.
const PAGE: usize = 32 * 1024;
/// Stretches that are no record told of, at most, and strange records.
const TOLD: usize = 10;

/// Why there is no list, or not all of it.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("write error")]
    Write(#[from] io::Error),
}

/// Does what `arguments` ask of last, or of lastb if `refused`: the whole program.
pub fn run(refused: bool, arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let name = if refused { "lastb" } else { "last" };
    let now = Local::now();
    let outcome = match Asked::parse(refused, arguments, now) {
        Ok(Asked::Print(text)) => io::stdout().write_all(text.as_bytes()).map_err(Failure::from),
        Ok(Asked::List(options)) => list(name, &options, now.timestamp()),
        Err(wrong) => {
            complain(name, &wrong);
            if matches!(wrong, Wrong::Usage(_)) {
                complain_plainly(&format!("Try '{name} --help' for more information."));
            }
            return ExitCode::FAILURE;
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads has seen enough.
        Err(Failure::Write(e)) if e.kind() == ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(failure) => {
            complain(name, &failure);
            ExitCode::FAILURE
        }
    }
}

fn list(name: &'static str, options: &Options, now: i64) -> Result<(), Failure> {
    let mut given = AllGiven::open(options, now)?;
    let mut listing = Listing::new(name, options, now, &given);
    for number in 0..given.files.len() {
        let known = given.known_behind(number)?;
        let known = listing.list_file(&given.files[number], known)?;
        given.was_read(number, known);
    }
    listing.finish(&given)?;
    Ok(())
}

/// What is shown, and how.
enum Output<'o> {
    Lines(Box<Lines<'o>>),
    Json(Json),
    Chart(Chart),
}

struct Listing<'o> {
    name: &'static str,
    options: &'o Options,
    now: i64,
    alive: Alive,
    output: Output<'o>,
    page: Vec<u8>,
    /// Entries shown; the limit is for all files together.
    shown: u32,
    complaints: usize,
}

impl<'o> Listing<'o> {
    fn new(name: &'static str, options: &'o Options, now: i64, given: &AllGiven) -> Self {
        let mut page = Vec::with_capacity(PAGE + 1024);
        let output = match options.show {
            Show::Lines => Output::Lines(Box::new(Lines::new(options))),
            Show::Json => Output::Json(Json::new(&mut page)),
            Show::Chart => {
                let begins = given.files.iter().map(|file| file.begins).min().unwrap_or(now);
                let ends = given.files.iter().filter_map(|file| file.ends).max().unwrap_or(now);
                let from = if options.since == 0 { begins } else { options.since };
                let to = if options.until == 0 { ends } else { options.until };
                Output::Chart(Chart::new(from, to))
            }
        };
        let booted = now - clock_gettime(ClockId::Boottime).tv_sec;
        Self { name, options, now, alive: Alive::since(booted), output, page, shown: 0, complaints: 0 }
    }

    /// Lists one file, of which `known` is what the files behind it tell; what is known before it.
    fn list_file(&mut self, given: &Given, mut known: Sessions) -> Result<Sessions, Failure> {
        let history = &given.history;
        let mut records =
            if self.options.since == 0 { history.backward()? } else { history.backward_since(self.options.since)? };
        while let Some(step) = records.next().map_err(|e| history.unreadable(e))? {
            let view = match step {
                Step::Record(view) => view,
                Step::Skipped(skipped) => {
                    self.tell_skipped(history.path(), skipped)?;
                    continue;
                }
            };
            if self.options.since != 0 && view.seconds() < self.options.since {
                continue;
            }
            if let Some(entry) = self.entry(&mut known, view)
                && self.take(&entry)?.is_break()
            {
                break;
            }
        }
        if let Output::Lines(lines) = &mut self.output {
            lines.write_footer(&mut self.page, base_name(history.path()), given.begins);
        }
        Ok(known)
    }

    #[inline]
    fn entry<'v>(&mut self, known: &mut Sessions, view: View<'v>) -> Option<Entry<'v>> {
        if self.options.refused {
            return Some(Entry { what: What::Refused, view, end: End::Normal, until: view.seconds(), crashed: None });
        }
        known.before(view, |kind| {
            if self.may_complain() {
                complain_plainly(&format!("{}: unrecognized ut_type: {kind}", self.name));
            }
        })
    }

    /// Shows `entry` if it is asked for; no more after the last one.
    #[inline]
    fn take(&mut self, entry: &Entry<'_>) -> io::Result<ControlFlow<()>> {
        if !self.is_asked_for(entry) {
            return Ok(ControlFlow::Continue(()));
        }
        let is_gone = entry.end == End::Open && self.alive.is_gone(&entry.view);
        match &mut self.output {
            Output::Lines(lines) => lines.write(&mut self.page, entry, self.now, is_gone),
            Output::Json(json) => json.write(&mut self.page, entry, self.now, is_gone),
            Output::Chart(chart) => chart.draw(entry, self.now, is_gone),
        }
        self.shown = self.shown.saturating_add(1);
        if self.page.len() >= PAGE {
            self.flush()?;
        }
        let all = self.options.limit != 0 && self.options.limit <= self.shown;
        Ok(if all { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    #[inline]
    fn is_asked_for(&self, entry: &Entry<'_>) -> bool {
        let options = self.options;
        let login = entry.view.seconds();
        if !options.system && !matches!(entry.what, What::Login | What::Boot | What::Refused) {
            return false;
        }
        if options.until != 0 && options.until < login {
            return false;
        }
        if !options.only.is_empty() && !self.is_named(entry) {
            return false;
        }
        options.present == 0 || (login <= options.present && (entry.until <= 0 || options.present <= entry.until))
    }

    /// By its user, its line, or the number of its terminal.
    fn is_named(&self, entry: &Entry<'_>) -> bool {
        let (user, mut buffer) = (shown_user(entry), [0; 16]);
        let line = shown_line(entry, &mut buffer);
        self.options
            .only
            .iter()
            .any(|name| user == &name[..name.len().min(32)] || line == name || line.strip_prefix(b"tty") == Some(name))
    }

    fn finish(mut self, given: &AllGiven) -> io::Result<()> {
        let files = given.files.iter().map(|file| (base_name(file.history.path()).to_owned(), file.begins));
        match &mut self.output {
            Output::Lines(_) => {}
            Output::Json(json) => json.write_footer(&mut self.page, &files.collect::<Vec<_>>()),
            Output::Chart(chart) => chart.write(&mut self.page),
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().write_all(&self.page)?;
        self.page.clear();
        Ok(())
    }

    fn tell_skipped(&mut self, path: &Path, skipped: Skipped) -> io::Result<()> {
        if self.may_complain() {
            self.flush()?;
            let Skipped { at, length } = skipped;
            complain_plainly(&format!("{}: {}: {length} bytes at {at} are no record", self.name, path.display()));
        }
        Ok(())
    }

    /// A hostile file is not to fill the terminal with complaints.
    fn may_complain(&mut self) -> bool {
        self.complaints += 1;
        if self.complaints == TOLD + 1 {
            complain_plainly(&format!("{}: more of this is not told", self.name));
        }
        self.complaints <= TOLD
    }
}

/// Its last part, as basename(3).
fn base_name(path: &Path) -> &[u8] {
    path.file_name().unwrap_or(path.as_os_str()).as_bytes()
}

fn complain(name: &str, error: &dyn Error) {
    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    complain_plainly(&format!("{name}: {error}{cause}"));
}

fn complain_plainly(text: &str) {
    // With stderr closed there is nobody to tell; the exit code stands.
    let _told = writeln!(io::stderr(), "{text}");
}
