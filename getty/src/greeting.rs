//! What a person sees before they type: the issue and the prompt.

use std::path::Path;

use chrono::Local;
use utmp::Files;

use crate::arguments::{Issue, Line, Options};
use crate::issue::{Facts, Template, default_template, short_host, template_of};
use crate::line::LineName;
use crate::terminal::Terminal;
use crate::{records, speed};

/// The issue and the prompt of a line.
pub(crate) struct Greeting {
    issue: Template,
    has_newline: bool,
    host: Option<String>,
}

impl Greeting {
    /// The greeting that `options` ask for.
    pub(crate) fn of(options: &Options) -> Self {
        let host = Some(short_host()).filter(|host| !options.no_host && !host.is_empty());
        Self { issue: template(&options.issue), has_newline: !options.no_newline, host }
    }

    /// The issue as it is now, after an empty line.
    pub(crate) fn text(&self, terminal: &Terminal, files: &Files) -> Vec<u8> {
        let mut text = if self.has_newline { b"\n".to_vec() } else { Vec::new() };
        text.extend(shown(&self.issue, terminal.line().as_str(), speed::of(terminal).ok(), files));
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
        match &self.host {
            Some(host) => format!("{host} login: "),
            None => "login: ".to_owned(),
        }
    }
}

/// The issue that `line` would show, or the terminal that standard input is open on (`--show-issue`).
pub(crate) fn shown_without_asking(issue: &Issue, line: Option<Line>) -> Vec<u8> {
    let line = line.unwrap_or(Line::StandardInput).name();
    let name = line.as_ref().map_or("", LineName::as_str);
    shown(&template(issue), name, speed::of(rustix::stdio::stdin()).ok(), &Files::system())
}

fn template(issue: &Issue) -> Template {
    match issue {
        Issue::System => default_template(Path::new("/")),
        Issue::Files(paths) => template_of(paths),
        Issue::None => Template::default(),
    }
}

/// `issue` as it is now on `line`.
fn shown(issue: &Template, line: &str, speed: Option<u32>, files: &Files) -> Vec<u8> {
    let facts = Facts { line, speed, users: records::users(files), now: Local::now() };
    issue.render(|fact| facts.tell(fact))
}
