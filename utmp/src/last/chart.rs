//! Who was on when, a row a user: a timeline as wide as the terminal.

use std::collections::HashMap;
use std::io::{IsTerminal, stdout};

use rustix::termios::tcgetwinsize;

use super::clock::{Clock, Style};
use super::sessions::{End, Entry, What};

/// Columns where there is no terminal.
const WIDTH: usize = 80;
/// Columns of the names.
const NAMES: usize = 10;
/// Rows, at most, unless more are asked for: names in a file are not ours to count.
const ROWS: usize = 10_000;

/// A chart that is being drawn.
pub(crate) struct Chart {
    from: i64,
    to: i64,
    columns: usize,
    is_terminal: bool,
    rows: Vec<(Vec<u8>, Vec<Cell>)>,
    numbers: HashMap<Vec<u8>, usize>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Cell {
    Away,
    There,
    /// There at least then: when the session ended was lost.
    Lost,
}

impl Chart {
    /// An empty chart of the time `from` to `to`.
    pub(crate) fn new(from: i64, to: i64) -> Self {
        let is_terminal = stdout().is_terminal();
        let width = if is_terminal { tcgetwinsize(stdout()).map_or(WIDTH, |size| size.ws_col.into()) } else { WIDTH };
        let columns = width.clamp(40, 400) - NAMES - 2;
        Self { from, to: to.max(from + 1), columns, is_terminal, rows: Vec::new(), numbers: HashMap::new() }
    }

    /// Draws `entry`, if it is a login or a boot.
    pub(crate) fn draw(&mut self, entry: &Entry<'_>, now: i64, is_gone: bool) {
        if !matches!(entry.what, What::Login | What::Boot) || self.rows.len() >= ROWS {
            return;
        }
        let login = entry.view.seconds();
        let (logout, cell) = match (entry.end, entry.crashed) {
            (_, Some(at)) => (at, Cell::There),
            (End::Open, _) if is_gone => (login, Cell::Lost),
            (End::Open | End::Instant, _) => (now, Cell::There),
            _ => (entry.until, Cell::There),
        };
        if logout < self.from || login > self.to {
            return;
        }
        let columns = self.column(login)..=self.column(logout.max(login));
        for drawn in &mut self.row(entry.view.user())[columns] {
            if *drawn != Cell::There {
                *drawn = cell;
            }
        }
    }

    /// Writes the chart behind `page`.
    pub(crate) fn write(&self, page: &mut Vec<u8>) {
        self.write_scale(page);
        for (user, cells) in &self.rows {
            let mut name = user.escape_ascii().to_string();
            name.truncate(NAMES);
            page.extend_from_slice(format!("{name:<NAMES$} |").as_bytes());
            for cell in cells {
                page.extend_from_slice(self.sign(*cell).as_bytes());
            }
            page.extend_from_slice(b"\n");
        }
    }

    /// The first and the last time, above the ends of the rows.
    fn write_scale(&self, page: &mut Vec<u8>) {
        let mut clock = Clock::new();
        let (mut from, mut to) = (Vec::new(), Vec::new());
        clock.write(&mut from, Style::Full, self.from);
        clock.write(&mut to, Style::Full, self.to);
        from.truncate(16);
        to.truncate(16);
        page.resize(page.len() + NAMES + 2, b' ');
        page.extend_from_slice(&from);
        page.resize(page.len() + self.columns.saturating_sub(from.len() + to.len()), b' ');
        page.extend_from_slice(&to);
        page.push(b'\n');
    }

    const fn sign(&self, cell: Cell) -> &'static str {
        match (cell, self.is_terminal) {
            (Cell::Away, true) => "·",
            (Cell::There, true) => "█",
            (Cell::Away, false) => ".",
            (Cell::There, false) => "#",
            (Cell::Lost, _) => "?",
        }
    }

    fn column(&self, seconds: i64) -> usize {
        let from_start = i128::from(seconds.clamp(self.from, self.to) - self.from);
        let column = from_start * self.columns as i128 / i128::from(self.to - self.from);
        (column as usize).min(self.columns - 1)
    }

    fn row(&mut self, user: &[u8]) -> &mut [Cell] {
        let number = *self.numbers.entry(user.to_owned()).or_insert(self.rows.len());
        if number == self.rows.len() {
            self.rows.push((user.to_owned(), vec![Cell::Away; self.columns]));
        }
        &mut self.rows[number].1
    }
}
