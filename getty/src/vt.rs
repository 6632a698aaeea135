//! A virtual terminal's own state, which a program that was killed on it may have left behind (`ioctl_vt(2)`,
//! `ioctl_kd(2)`, `console_codes(4)`).

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use crate::{paths, sys};

/// `VT_AUTO` of linux/vt.h: the kernel switches to another VT without asking anybody.
const VT_AUTO: u8 = 0;
/// `KD_TEXT` of linux/kd.h.
const KD_TEXT: libc::c_int = 0;
/// `K_XLATE` of linux/kd.h: characters of eight bits.
const K_XLATE: libc::c_int = 1;
/// `K_UNICODE` of linux/kd.h: characters of UTF-8.
pub(crate) const K_UNICODE: libc::c_int = 3;

/// Gives `line`, if it is a VT, back to whoever reads and types text: switching needs nobody's leave, the screen shows
/// text, the keyboard gives characters.
///
/// A keyboard that gives characters keeps its mode, so a VT in UTF-8 stays so and one in eight bits too.
///
/// # Errors
/// If the VT refuses. What is no VT is left alone.
pub(crate) fn reset(line: impl AsFd) -> io::Result<()> {
    let line = line.as_fd();
    let Ok(mode) = sys::keyboard_mode(line) else { return Ok(()) };
    // One that fails keeps none of the others from being tried.
    let done = [reset_switching(line), reset_display(line), reset_keyboard(line, mode)];
    done.into_iter().collect()
}

fn reset_switching(line: BorrowedFd<'_>) -> io::Result<()> {
    if sys::switching_mode(line)? == VT_AUTO { Ok(()) } else { sys::set_switching_mode(line, VT_AUTO) }
}

fn reset_display(line: BorrowedFd<'_>) -> io::Result<()> {
    if sys::display_mode(line)? == KD_TEXT { Ok(()) } else { sys::set_display_mode(line, KD_TEXT) }
}

fn reset_keyboard(line: BorrowedFd<'_>, mode: libc::c_int) -> io::Result<()> {
    let default_utf8 = std::fs::read(paths::DEFAULT_UTF8).unwrap_or_default();
    usable(mode, &default_utf8).map_or(Ok(()), |mode| sys::set_keyboard_mode(line, mode))
}

/// The keyboard mode to set instead of `mode`; none if `mode` gives characters. `default_utf8` is the kernel's parameter.
fn usable(mode: libc::c_int, default_utf8: &[u8]) -> Option<libc::c_int> {
    match mode {
        K_XLATE | K_UNICODE => None,
        _ if default_utf8.starts_with(b"0") => Some(K_XLATE),
        _ => Some(K_UNICODE),
    }
}

/// What brings the screen's attributes back without moving its text and without leaving UTF-8, as a reset (`ESC c`) would:
/// the character set, the whole screen for scrolling, the palette, no attributes, control characters obeyed and not shown, a
/// cursor, no application keys and no application keypad, whose Enter is none, keys that repeat, no mouse.
pub(crate) fn plain_screen(is_utf8: bool) -> Vec<u8> {
    let set: &[u8] = if is_utf8 { b"\x1b%G" } else { b"\x1b%@" };
    let screen = b"\x1b7\x1b[r\x1b[?6l\x1b8\x0f\x1b(B\x1b]R\x1b[m\x1b[3l\x1b[4l\x1b[20l\x1b[?25h\x1b[?7h\x1b[?5l";
    let keys = b"\x1b>\x1b[?1l\x1b[?8h\x1b[?9l\x1b[?1000l";
    [set, screen, keys].concat()
}

/// The whole screen scrolls; the cursor goes home; everything below it is erased.
pub(crate) const CLEAR: &[u8] = b"\x1b[r\x1b[H\x1b[J";

/// What the prompt says about the keys that lock, where they are not as usual; for a VT.
pub(crate) fn hint(line: BorrowedFd<'_>) -> Option<String> {
    let is_num_lock_usual = std::path::Path::new(paths::NUM_LOCK_ON).exists();
    sys::keyboard_lights(line).ok().and_then(|flags| told(flags, is_num_lock_usual))
}

/// The hint for `flags`, as KDGKBLED has them: the low four bits are now, the high four what a reset makes of them.
fn told(flags: u8, is_num_lock_usual: bool) -> Option<String> {
    const SCROLL: u8 = 1;
    const NUM: u8 = 2;
    const CAPS: u8 = 4;
    let is_on = |key: u8| flags & key != 0;
    let is_default = |key: u8| flags & (key << 4) != 0;
    let mut said = Vec::new();
    if is_num_lock_usual && !is_on(NUM) {
        said.push("Num Lock off");
    } else if !is_num_lock_usual && is_on(NUM) && !is_default(NUM) {
        said.push("Num Lock on");
    }
    if is_on(CAPS) && !is_default(CAPS) {
        said.push("Caps Lock on");
    }
    if is_on(SCROLL) && !is_default(SCROLL) {
        said.push("Scroll Lock on");
    }
    (!said.is_empty()).then(|| format!("Hint: {}\n\n", said.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyboard_that_gives_characters_keeps_its_mode() {
        for mode in [K_XLATE, K_UNICODE] {
            assert_eq!(usable(mode, b"1\n"), None);
            assert_eq!(usable(mode, b"0\n"), None);
        }
    }

    #[test]
    fn a_keyboard_that_is_off_or_raw_gives_characters_again() {
        const K_RAW: libc::c_int = 0;
        const K_MEDIUMRAW: libc::c_int = 2;
        const K_OFF: libc::c_int = 4;
        for mode in [K_RAW, K_MEDIUMRAW, K_OFF] {
            assert_eq!(usable(mode, b"1\n"), Some(K_UNICODE));
            assert_eq!(usable(mode, b""), Some(K_UNICODE));
            assert_eq!(usable(mode, b"0\n"), Some(K_XLATE));
        }
    }

    #[test]
    fn nothing_that_is_sent_to_a_vt_resets_it_out_of_utf8() {
        for sent in [plain_screen(true), CLEAR.to_vec()] {
            assert!(!sent.windows(2).any(|pair| pair == b"\x1bc"));
            assert!(!sent.windows(3).any(|part| part == b"\x1b%@"));
        }
        assert!(plain_screen(true).starts_with(b"\x1b%G"));
        assert!(plain_screen(false).starts_with(b"\x1b%@"));
    }

    #[test]
    fn the_hint_tells_what_is_not_as_usual() {
        assert_eq!(told(0, false), None);
        assert_eq!(told(0x22, false), None, "on by default");
        assert_eq!(told(0x02, false).as_deref(), Some("Hint: Num Lock on\n\n"));
        assert_eq!(told(0x02, true), None);
        assert_eq!(told(0x05, true).as_deref(), Some("Hint: Num Lock off, Caps Lock on, Scroll Lock on\n\n"));
    }

    #[test]
    fn what_is_no_vt_is_left_alone() {
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(reset(&file).is_ok());
        assert_eq!(hint(file.as_fd()), None);
    }
}
