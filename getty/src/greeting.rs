//! What a person sees before they type: the issue and the prompt.

use std::os::fd::AsFd;
use std::path::Path;

use chrono::Local;
use utmp::Files;

use crate::arguments::{Issue, Line, Options};
use crate::issue::{Fact, Facts, Template, Watch, default_template, long_host, read_small, short_host, template_of};
use crate::line::LineName;
use crate::terminal::Terminal;
use crate::{paths, records, speed, vt};

/// The issue and the prompt of a line.
pub(crate) struct Greeting {
    source: Issue,
    issue: Template,
    has_newline: bool,
    has_hints: bool,
    host: Host,
}

/// What the prompt says of the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Host {
    Unnamed,
    Short,
    Long,
}

impl Greeting {
    /// The greeting that `options` ask for.
    pub(crate) fn of(options: &Options) -> Self {
        let host = match (options.no_host || has_plain_prompt(), options.long_host) {
            (true, _) => Host::Unnamed,
            (false, true) => Host::Long,
            (false, false) => Host::Short,
        };
        Self {
            source: options.issue.clone(),
            issue: template(&options.issue),
            has_newline: !options.no_newline,
            has_hints: !options.no_hints,
            host,
        }
    }

    /// A watch on what it is made of.
    pub(crate) fn watch(&self) -> Watch {
        Watch::on(&self.source, &self.issue)
    }

    /// Reads the files of the issue again.
    pub(crate) fn read_again(&mut self) {
        self.issue = template(&self.source);
    }

    /// The issue as it is now, after an empty line; on a VT also what keys are locked.
    pub(crate) fn text(&self, terminal: &Terminal, files: &Files) -> Vec<u8> {
        let mut text = if self.has_newline { b"\n".to_vec() } else { Vec::new() };
        text.extend(shown(&self.issue, terminal.line().as_str(), speed::of(terminal).ok(), files, |_| true));
        if self.has_hints {
            text.extend(vt::hint(terminal.as_fd()).unwrap_or_default().into_bytes());
        }
        text
    }

    /// What of the issue and the prompt does not change by itself all the time.
    pub(crate) fn lasting_text(&self, terminal: &Terminal, files: &Files) -> Vec<u8> {
        let speed = speed::of(terminal).ok();
        let mut text = shown(&self.issue, terminal.line().as_str(), speed, files, |fact| !fact.is_time());
        text.extend(self.prompt().into_bytes());
        text
    }

    /// What an empty terminal is to show: the issue and the prompt.
    pub(crate) fn opening(&self, terminal: &Terminal, files: &Files) -> Vec<u8> {
        let mut text = self.text(terminal, files);
        text.extend(self.prompt().bytes());
        text
    }

    /// `HOST login: `.
    pub(crate) fn prompt(&self) -> String {
        let host = match self.host {
            Host::Unnamed => String::new(),
            Host::Short => short_host(),
            Host::Long => long_host(),
        };
        if host.is_empty() { "login: ".to_owned() } else { format!("{host} login: ") }
    }
}

/// Whether login.defs wants no host in prompts (`LOGIN_PLAIN_PROMPT`).
fn has_plain_prompt() -> bool {
    let defs = read_small(Path::new(paths::LOGIN_DEFS)).unwrap_or_default();
    says_plain(&String::from_utf8_lossy(&defs))
}

/// The last setting counts; a value may stand after `=` and in quotes (`login.defs(5)`).
fn says_plain(defs: &str) -> bool {
    let values = defs.lines().filter_map(|line| line.trim_start().strip_prefix("LOGIN_PLAIN_PROMPT"));
    let mut values = values.filter(|rest| rest.starts_with([' ', '\t', '=']));
    values.next_back().is_some_and(|rest| {
        let value = rest.split('#').next().unwrap_or_default();
        value.trim_matches([' ', '\t', '=', '"', '\'']).eq_ignore_ascii_case("yes")
    })
}

/// The issue that `line` would show, or the terminal that standard input is open on (`--show-issue`).
pub(crate) fn shown_without_asking(issue: &Issue, line: Option<Line>) -> Vec<u8> {
    let line = line.unwrap_or(Line::StandardInput).name();
    let name = line.as_ref().map_or("", LineName::as_str);
    shown(&template(issue), name, speed::of(rustix::stdio::stdin()).ok(), &Files::system(), |_| true)
}

fn template(issue: &Issue) -> Template {
    match issue {
        Issue::System => default_template(Path::new("/")),
        Issue::Files(paths) => template_of(paths),
        Issue::None => Template::default(),
    }
}

/// `issue` as it is now on `line`, with the facts that are `wanted`.
fn shown(issue: &Template, line: &str, speed: Option<u32>, files: &Files, wanted: impl Fn(&Fact) -> bool) -> Vec<u8> {
    let facts = Facts { line, speed, users: records::users(files), now: Local::now() };
    issue.render(|fact| if wanted(fact) { facts.tell(fact) } else { Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_defs_may_want_a_plain_prompt() {
        for defs in ["LOGIN_PLAIN_PROMPT yes\n", "x y\n LOGIN_PLAIN_PROMPT\t\"YES\" # why\n", "LOGIN_PLAIN_PROMPT=yes"]
        {
            assert!(says_plain(defs), "{defs}");
        }
        for defs in
            ["", "LOGIN_PLAIN_PROMPT no", "#LOGIN_PLAIN_PROMPT yes", "LOGIN_PLAIN_PROMPTS yes", "LOGIN_PLAIN_PROMPT"]
        {
            assert!(!says_plain(defs), "{defs}");
        }
        assert!(!says_plain("LOGIN_PLAIN_PROMPT yes\nLOGIN_PLAIN_PROMPT no\n"));
    }
}
