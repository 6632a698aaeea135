//! All entries that are wanted, from the command line and from the files, in the order in which they count.

use std::path::Path;

use tracing::warn;

use super::entry::{Entry, Status};
use super::folder;
use crate::arguments::{Arguments, Keeping, Line};

/// What is wanted.
#[derive(PartialEq, Eq, Debug, Default)]
pub(crate) struct Wish {
    /// One entry for each line that is named, those that are off left out.
    pub(crate) entries: Vec<Entry>,
    /// Whether everything could be read: if not, what is missing may only be mistyped.
    pub(crate) is_whole: bool,
}

impl Wish {
    /// Reads everything again; `root` is the root folder.
    pub(crate) fn read(keeping: &Keeping, root: &Path) -> Self {
        let mut wish = Self { entries: named(keeping), is_whole: true };
        for source in &keeping.wanted.sources {
            for text in folder::texts(source, root) {
                match text {
                    Ok(text) => wish.take(&text, keeping),
                    Err(unusable) => {
                        warn!("{unusable}");
                        wish.is_whole = false;
                    }
                }
            }
        }
        wish.entries.retain(|entry| entry.status != Status::Off);
        wish
    }

    /// Adds the entries of `text`; a line that was named before is not heard again.
    fn take(&mut self, text: &folder::Text, keeping: &Keeping) {
        for (row, number) in text.rows.lines().zip(1..) {
            match Entry::parse(row, &keeping.options) {
                Ok(Some(entry)) if self.entries.iter().any(|before| before.line == entry.line) => {
                    warn!(file = %text.path.display(), row = number, line = entry.line.as_str(), "named before");
                }
                Ok(entry) => self.entries.extend(entry),
                Err(e) => {
                    warn!(file = %text.path.display(), row = number, "{e}");
                    self.is_whole = false;
                }
            }
        }
    }
}

/// The lines of `--lines`.
fn named(keeping: &Keeping) -> Vec<Entry> {
    let Keeping { wanted, speeds, term, options, .. } = keeping;
    let entry = |line: &crate::line::LineName| Entry {
        line: line.clone(),
        arguments: Arguments {
            line: Line::Named(line.clone()),
            speeds: speeds.clone(),
            term: term.clone(),
            options: options.clone(),
            surplus: 0,
        },
        status: Status::On.unless(options),
    };
    wanted.names.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::arguments::Request;

    fn keeping(words: &[&str]) -> Keeping {
        match Request::parse(words.iter().map(Into::into)).unwrap() {
            Request::Keep(keeping) => *keeping,
            other => panic!("{other:?}"),
        }
    }

    fn lines(wish: &Wish) -> Vec<&str> {
        wish.entries.iter().map(|entry| entry.line.as_str()).collect()
    }

    fn root(files: &[(&str, &str)]) -> Option<tempfile::TempDir> {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: only root has files that are believed");
            return None;
        }
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("etc/ttys.d")).unwrap();
        for (name, text) in files {
            fs::write(root.path().join("etc/ttys.d").join(name), text).unwrap();
        }
        Some(root)
    }

    #[test]
    fn lines_of_the_command_line_share_its_options_speeds_and_terminal() {
        let wish = Wish::read(&keeping(&["--lines", "tty1,ttyS0,tty1", "-J", "9600", "vt220"]), Path::new("/none"));
        assert_eq!(lines(&wish), ["tty1", "ttyS0"]);
        for entry in wish.entries {
            assert!(entry.arguments.options.keep_screen);
            assert_eq!(entry.arguments.speeds.first(), Some(9600));
            assert_eq!(entry.arguments.term, Some("vt220".into()));
        }
    }

    #[test]
    fn a_line_counts_as_it_is_named_first_also_if_it_is_off() {
        let files = [("10-mine.conf", "tty2 - - off\ntty3 -J\n"), ("50-all.conf", "tty1\ntty2\ntty3\n")];
        let Some(root) = root(&files) else { return };
        let wish = Wish::read(&keeping(&["--lines-from", "ttys.d"]), root.path());
        assert_eq!(lines(&wish), ["tty3", "tty1"]);
        assert!(wish.entries[0].arguments.options.keep_screen);
        assert!(wish.is_whole);
    }

    #[test]
    fn a_mistake_costs_its_row_and_is_known() {
        let Some(root) = root(&[("a.conf", "tty1\n../x\ntty2 - - on surplus\ntty3\n")]) else { return };
        let wish = Wish::read(&keeping(&["--lines-from", "ttys.d", "--lines", "tty9"]), root.path());
        assert_eq!(lines(&wish), ["tty9", "tty1", "tty3"]);
        assert!(!wish.is_whole);
    }
}
