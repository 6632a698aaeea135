//! What utmpdump does, in order.

use std::error::Error;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::ExitCode;

use super::follow::Growth;
use super::json::{self, JsonError};
use super::options::{Asked, Options, Wrong};
use super::text::{self, Writer};
use crate::encoding::Encoding;
use crate::forward::Forward;
use crate::step::{Skipped, Step};
use crate::view::View;

/// Bytes gathered before they are written.
const PAGE: usize = 32 * 1024;
/// Bytes looked at to recognise the encoding of what cannot be read twice.
const LOOKED_AT: u64 = 24 * 1024;
/// Records of a file that are shown before it is followed.
const FOLLOWED: u64 = 10;
/// Bytes of a line of text, at most: an object with every byte spelt out has half of it.
const LINE: u64 = 8192;
/// Standard input, by its name.
const INPUT: &str = "/dev/stdin";

/// Why not all was dumped.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("cannot open {}", .0.display())]
    Open(PathBuf, #[source] io::Error),
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    #[error("write error")]
    Write(#[source] io::Error),
}

/// Does what `arguments` ask of utmpdump: the whole program.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let outcome = match Asked::parse(arguments) {
        Ok(Asked::Print(text)) => io::stdout().write_all(text.as_bytes()).map_err(Failure::Write),
        Ok(Asked::Dump(options)) => act(&options),
        Err(wrong) => {
            complain(&wrong);
            if matches!(wrong, Wrong::Usage(_)) {
                say("Try 'utmpdump --help' for more information.");
            }
            return ExitCode::FAILURE;
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads has seen enough.
        Err(Failure::Write(e)) if e.kind() == ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(failure) => {
            complain(&failure);
            ExitCode::FAILURE
        }
    }
}

fn act(options: &Options) -> Result<(), Failure> {
    let path = options.file.clone().unwrap_or_else(|| INPUT.into());
    let input: Box<dyn Read> = match &options.file {
        Some(path) => Box::new(File::open(path).map_err(|e| Failure::Open(path.clone(), e))?),
        None => Box::new(io::stdin()),
    };
    let output: Box<dyn Write> = match &options.output {
        Some(path) => Box::new(File::create(path).map_err(|e| Failure::Open(path.clone(), e))?),
        None => Box::new(io::stdout()),
    };
    let mut dump = Dump { options, path, output, page: Vec::new(), writer: Writer::default(), any: false };
    if options.reverse {
        say(&format!("Utmp undump of {}", dump.path.display()));
        dump.undump(input)
    } else {
        say(&format!("Utmp dump of {}", dump.path.display()));
        if options.follow { dump.follow() } else { dump.dump(input) }
    }
}

struct Dump<'o> {
    options: &'o Options,
    path: PathBuf,
    output: Box<dyn Write>,
    page: Vec<u8>,
    writer: Writer,
    any: bool,
}

impl Dump<'_> {
    fn dump(&mut self, mut input: Box<dyn Read>) -> Result<(), Failure> {
        let mut head = Vec::new();
        (&mut input).take(LOOKED_AT).read_to_end(&mut head).map_err(|e| self.unreadable(e))?;
        let guess = || Encoding::guess(&head, &[], (head.len() < LOOKED_AT as usize).then_some(head.len() as u64));
        let encoding = self.options.encoding.unwrap_or_else(guess);
        let mut records = Forward::resumed(head, 0, input, encoding);
        if self.options.json {
            self.page.extend_from_slice(b"[");
        }
        while let Some(step) = records.next().map_err(|e| self.unreadable(e))? {
            self.take(&step)?;
        }
        if let Some(tail) = records.tail() {
            self.tell(tail);
        }
        if self.options.json {
            self.page.extend_from_slice(b"\n]\n");
        }
        self.flush()
    }

    /// Shows the last records, and every one that is appended, until the file is deleted or moved.
    fn follow(&mut self) -> Result<(), Failure> {
        let path = self.path.clone();
        let growth = Growth::of(&path).map_err(|e| Failure::Open(path.clone(), e))?;
        let history = crate::history::History::open(&path, self.options.encoding);
        let history = history.map_err(|e| self.unreadable(io::Error::other(e)))?;
        let size = history.encoding().size() as u64;
        let start = (history.length() / size).saturating_sub(FOLLOWED) * size;
        let file = File::open(&path).map_err(|e| Failure::Open(path, e))?;
        let growing = Growing { file: &file, offset: start };
        let mut records = Forward::resumed(Vec::new(), start, growing, history.encoding());
        let mut is_there = true;
        loop {
            while let Some(step) = records.next().map_err(|e| self.unreadable(e))? {
                self.take(&step)?;
            }
            self.flush()?;
            if !is_there {
                return Ok(());
            }
            is_there = growth.wait(&file).map_err(|e| self.unreadable(e))?;
        }
    }

    fn take(&mut self, step: &Step<'_>) -> Result<(), Failure> {
        match step {
            Step::Record(view) => self.write(view),
            Step::Skipped(skipped) => self.tell(*skipped),
        }
        if self.page.len() >= PAGE { self.flush() } else { Ok(()) }
    }

    fn write(&mut self, view: &View<'_>) {
        if !self.options.json {
            return self.writer.write(&mut self.page, view);
        }
        // Followed, there is no end, and so no array: an object a line.
        let mut text = String::from(match (self.options.follow, self.any) {
            (true, _) => "",
            (false, false) => "\n",
            (false, true) => ",\n",
        });
        self.any = true;
        json::write(&mut text, &view.to_record());
        text.push_str(if self.options.follow { "\n" } else { "" });
        self.page.extend_from_slice(text.as_bytes());
    }

    fn undump(&mut self, input: Box<dyn Read>) -> Result<(), Failure> {
        let encoding = self.options.encoding.unwrap_or(Encoding::NATIVE);
        let mut input = BufReader::new(input);
        loop {
            let mut line = Vec::new();
            (&mut input).take(LINE).read_until(b'\n', &mut line).map_err(|e| self.unreadable(e))?;
            if line.is_empty() {
                return self.flush();
            }
            match self.read(&line) {
                Ok(Some(record)) => self.page.extend_from_slice(&encoding.encode(&record)),
                Ok(None) => {}
                Err(e) => {
                    let why = e.map(|e| format!(" ({e})")).unwrap_or_default();
                    say(&format!("utmpdump: parse error: {}{why}", line.trim_ascii().escape_ascii()));
                }
            }
            if self.page.len() >= PAGE {
                self.flush()?;
            }
        }
    }

    fn read(&self, line: &[u8]) -> Result<Option<crate::record::Record>, Option<JsonError>> {
        if self.options.json {
            json::read(&String::from_utf8_lossy(line)).map_err(Some)
        } else {
            text::read(line).map(Some).ok_or(None)
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.output.write_all(&self.page).and_then(|()| self.output.flush()).map_err(Failure::Write)?;
        self.page.clear();
        Ok(())
    }

    fn tell(&self, skipped: Skipped) {
        let Skipped { at, length } = skipped;
        say(&format!("utmpdump: {}: {length} bytes at {at} are no record", self.path.display()));
    }

    fn unreadable(&self, source: io::Error) -> Failure {
        Failure::Read(self.path.clone(), source)
    }
}

/// A file read from a place on, and again from where it ended.
struct Growing<'f> {
    file: &'f File,
    offset: u64,
}

impl Read for Growing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let had = self.file.read_at(buffer, self.offset)?;
        self.offset += had as u64;
        Ok(had)
    }
}

fn complain(error: &dyn Error) {
    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    say(&format!("utmpdump: {error}{cause}"));
}

/// With stderr closed there is nobody to tell; the exit code stands.
fn say(text: &str) {
    let _told = writeln!(io::stderr(), "{text}");
}
