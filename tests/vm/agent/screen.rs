//! What a virtual terminal shows, by `vcs(4)`.

use std::fmt;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use ::tests::outcome::{Failure, Outcome};
use ::tests::wait::Deadline;
use nix::poll::{PollFd, PollFlags, poll};

/// A virtual terminal that is looked at.
#[derive(Debug)]
pub(crate) struct Screen(File);

/// What it showed at a moment.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct Shown {
    columns: usize,
    cursor: (usize, usize),
    /// A character a cell, row by row.
    cells: Vec<u8>,
}

impl Screen {
    /// The screen of a terminal by its number.
    ///
    /// # Errors
    /// `ENXIO` while nobody has opened the terminal.
    pub(crate) fn open(vt: &str) -> Outcome<Self> {
        let path = format!("/dev/vcsa{vt}");
        Ok(Self(File::open(&path).map_err(|error| Failure::from(error).during(path))?))
    }

    /// What it shows now.
    ///
    /// # Errors
    /// What reading says.
    pub(crate) fn read(&self) -> Outcome<Shown> {
        // The header and the cells are read at once, so that they belong together.
        let mut bytes = vec![0; 4 + 2 * 256 * 256];
        let length = self.0.read_at(&mut bytes, 0)?;
        Shown::parse(&bytes[..length]).ok_or_else(|| Failure::new("the screen has no cells"))
    }

    // The kernel says that something has changed since the last reading (drivers/tty/vt/vc_screen.c, vcs_poll).
    fn await_change(&self, deadline: Deadline) -> Outcome<bool> {
        let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLPRI)];
        match poll(&mut fds, deadline.timeout()) {
            Ok(count) => Ok(count > 0),
            Err(nix::errno::Errno::EINTR) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

impl Shown {
    // Rows, columns, cursor's column and row, then a character and its attributes each.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (header, cells) = bytes.split_first_chunk::<4>()?;
        let [_, columns, x, y] = header.map(usize::from);
        let cells: Vec<u8> = cells.chunks_exact(2).map(|cell| cell[0]).collect();
        (columns > 0 && cells.len() >= columns * y + x).then_some(Self { columns, cursor: (x, y), cells })
    }

    /// What stands before the cursor in its row.
    pub(crate) fn before_cursor(&self) -> String {
        let (x, y) = self.cursor;
        let start = y * self.columns;
        self.cells[start..start + x].iter().map(|&cell| char::from(cell)).collect()
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in self.cells.chunks(self.columns) {
            let row: String = row.iter().map(|&cell| char::from(cell)).collect();
            writeln!(f, "{}", row.trim_end())?;
        }
        Ok(())
    }
}

/// Waits until what a terminal shows is as wanted.
///
/// # Errors
/// What it shows instead, once the deadline has passed.
pub(crate) fn await_screen(vt: &str, deadline: Deadline, what: &str, is_wanted: impl Fn(&Shown) -> bool) -> Outcome {
    let screen = Screen::open(vt)?;
    loop {
        let shown = screen.read()?;
        if is_wanted(&shown) {
            return Ok(());
        }
        if !screen.await_change(deadline)? {
            return Err(Failure::new(format!("tty{vt} does not show {what:?}:\n{shown}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Shown;

    #[test]
    fn a_screen_is_rows_of_cells_and_a_cursor() {
        let bytes = b"\x02\x03\x01\x01a\x07b\x07 \x07c\x07d\x07 \x07";
        let shown = Shown::parse(bytes).expect("two rows of three");
        assert_eq!(shown.to_string(), "ab\ncd\n");
        assert_eq!(shown.before_cursor(), "c");
        assert_eq!(Shown::parse(b"\x02\x03\x00\x05a\x07"), None);
        assert_eq!(Shown::parse(b""), None);
    }
}
