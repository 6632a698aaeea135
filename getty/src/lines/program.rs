//! Giving back the pages of the program itself that a keeper needs only when something happens: it waits for days, and the
//! next login can wait for a page that is in the page cache.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;

use super::sys;
use crate::paths;

/// A part of this process that maps its program, is not writable, and never was.
#[derive(PartialEq, Eq, Debug)]
pub(crate) struct ReadOnly {
    pub(super) start: usize,
    pub(super) length: usize,
}

/// The program's code and constants, as they are mapped.
#[derive(Debug, Default)]
pub(crate) struct Program(Vec<ReadOnly>);

impl Program {
    /// This process's, which waits in the function at address `waiting`. Where the kernel does not tell, nothing is given
    /// back.
    pub(crate) fn own(waiting: usize) -> Self {
        let inode = fs::metadata(paths::OWN_PROGRAM).map_or(0, |program| program.ino());
        let Ok(maps) = File::open(paths::OWN_MAPS) else { return Self::default() };
        let lines = BufReader::with_capacity(LINE, maps).lines().map_while(Result::ok);
        let program = Self(lines.filter_map(|line| ReadOnly::parse(&line, inode)).collect());
        // Else the kernel would map 64 KiB and more around the function when the wait begins.
        if program.0.iter().filter_map(|range| range.around(waiting)).any(|pages| sys::map_alone(&pages).is_err()) {
            // It maps what it likes, which costs memory and nothing else.
        }
        program
    }

    /// Gives its pages back.
    pub(crate) fn give_back(&self) {
        for range in &self.0 {
            if sys::drop_file_pages(range).is_err() {
                // They stay, which costs memory and nothing else.
            }
        }
    }
}

/// About as long as a line: a buffer for all of them would be more memory than some of what is given back.
const LINE: usize = 256;

/// The pages of a function that is no longer than one.
const FUNCTION_PAGES: usize = 2;

impl ReadOnly {
    /// The pages of the function at `address`, if it is in this part.
    fn around(&self, address: usize) -> Option<Self> {
        let page = rustix::param::page_size();
        let (start, end) = (address & !(page - 1), self.start + self.length);
        let is_here = (self.start..end).contains(&address);
        is_here.then(|| Self { start, length: (FUNCTION_PAGES * page).min(end - start) })
    }

    /// What a line of `proc_pid_maps(5)` tells, if it is of the program `inode` and either its code or what begins the
    /// file. What is read-only behind the code was written by the dynamic linker before it was protected (RELRO).
    fn parse(line: &str, inode: u64) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let (modes, offset) = (fields.next()?, fields.next()?);
        let is_code = modes == "r-xp";
        let begins_the_file = modes == "r--p" && offset.bytes().all(|digit| digit == b'0');
        if !(is_code || begins_the_file) || fields.nth(1)?.parse() != Ok(inode) || inode == 0 {
            return None;
        }
        let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
        Some(Self { start, length: end.checked_sub(start)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_and_constants_are_given_back_and_nothing_that_was_ever_written() {
        let maps = "55d0a000-55d30000 r--p 00000000 fe:01 4711  /usr/libexec/session-rs/getty
55d30000-55da2000 r-xp 00026000 fe:01 4711  /usr/libexec/session-rs/getty
55da2000-55da9000 r--p 00098000 fe:01 4711  /usr/libexec/session-rs/getty
55da9000-55dab000 rw-p 0009f000 fe:01 4711  /usr/libexec/session-rs/getty
7f000000-7f001000 r-xp 00000000 fe:01 99  /usr/lib/libc.so.6
7fff0000-7fff1000 r-xp 00000000 00:00 0  [vdso]
garbage";
        let ranges: Vec<ReadOnly> = maps.lines().filter_map(|line| ReadOnly::parse(line, 4711)).collect();
        let range = |start: usize, end: usize| ReadOnly { start, length: end - start };
        assert_eq!(ranges, [range(0x55d0_a000, 0x55d3_0000), range(0x55d3_0000, 0x55da_2000)]);
        assert!(maps.lines().all(|line| ReadOnly::parse(line, 0).is_none()), "a program that is not known");
    }

    #[test]
    fn the_pages_of_a_function_stay_within_its_part() {
        let page = rustix::param::page_size();
        let part = ReadOnly { start: 16 * page, length: 4 * page };
        let at = |address: usize| part.around(address).map(|pages| (pages.start / page, pages.length / page));
        assert_eq!(at(17 * page + 5), Some((17, 2)));
        assert_eq!(at(20 * page - 1), Some((19, 1)));
        assert_eq!((at(16 * page - 1), at(20 * page)), (None, None));
    }

    #[test]
    fn a_program_without_its_pages_goes_on() {
        let program = Program::own(Program::own as *const () as usize);
        assert_eq!(program.0.len(), 2, "{program:?}");
        for _ in 0..3 {
            program.give_back();
            assert_eq!("123".parse(), Ok(123));
        }
    }
}
