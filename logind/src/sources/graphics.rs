//! Whether `seat0` has a graphics device: by udev's word where udev runs, else by what is in `/dev/dri`.

use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use logind_core::Event;
use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

/// Devices that make a seat (sd-login(3), udev's 71-seat.rules), each a file named by its number.
const MASTERS: &str = "tags/master-of-seat";

/// udev's socket, of the type SOCK_SEQPACKET.
const CONTROL: &str = "control";

/// What is looked at.
#[derive(Debug)]
pub(crate) struct Graphics {
    inotify: OwnedFd,
    udev: PathBuf,
    cards: PathBuf,
    are_there: bool,
}

impl Graphics {
    /// Looks at udev's directory and at that of the graphics devices. Neither need be there, or stay.
    ///
    /// # Errors
    /// What the kernel says of an inotify instance.
    pub(crate) fn open(udev: &Path, cards: &Path) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let mut graphics = Self { inotify, udev: udev.into(), cards: cards.into(), are_there: false };
        graphics.watch();
        graphics.are_there = graphics.look();
        Ok(graphics)
    }

    /// Whether there were any when it was looked last.
    pub(crate) fn are_there(&self) -> bool {
        self.are_there
    }

    /// Whether udev runs. Its files tell nothing: the initramfs's leaves them to a system that may have none.
    pub(crate) fn has_udev(&self) -> bool {
        is_listened_at(&self.udev.join(CONTROL)).unwrap_or(false)
    }

    /// Something changed: looks again.
    pub(super) fn changed(&mut self) -> Option<Event> {
        self.drain();
        self.watch();
        let now = self.look();
        let before = std::mem::replace(&mut self.are_there, now);
        (before != self.are_there).then_some(Event::Graphics(self.are_there))
    }

    /// Watches what is there of the directories, and the nearest above each that is there, for the rest to come.
    fn watch(&self) {
        let flags = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVED_TO
            | WatchFlags::MOVED_FROM
            | WatchFlags::ONLYDIR;
        let masters = self.udev.join(MASTERS);
        // udev that comes makes its socket, also where the list is there from before.
        let levels_of_udev = if self.has_udev() { 0 } else { 2 };
        for (directory, levels) in [(&*masters, 4), (&*self.cards, 2), (&*self.udev, levels_of_udev)] {
            for level in directory.ancestors().take(levels) {
                match inotify::add_watch(&self.inotify, level, flags) {
                    Ok(_) if level == directory => break,
                    Ok(_) | Err(Errno::NOENT | Errno::NOTDIR) => {}
                    Err(errno) => tracing::warn!(directory = %level.display(), error = %errno, "cannot be watched"),
                }
            }
        }
    }

    /// What changed does not matter: all is looked at again.
    fn drain(&self) {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(self.inotify.as_fd(), &mut buffer);
        while !matches!(reader.next(), Err(errno) if errno != Errno::INTR) {}
    }

    fn look(&self) -> bool {
        if !self.has_udev() {
            return has_card(&self.cards);
        }
        // udev that has seen no such device has no list of them.
        let Ok(masters) = fs::read_dir(self.udev.join(MASTERS)) else { return false };
        let names = masters.flatten().map(|entry| entry.file_name());
        names.into_iter().any(|name| is_of_seat0(&self.udev.join("data").join(name)))
    }
}

impl AsFd for Graphics {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}

/// Whether a process has the socket of that name, which is not SOCK_DGRAM. Nobody is connected to: the kernel finds the
/// owner before it compares the types (unix(7), EPROTOTYPE).
fn is_listened_at(path: &Path) -> Result<bool, Errno> {
    let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    Ok(connect(&socket, &SocketAddrUnix::new(path)?) == Err(Errno::PROTOTYPE))
}

/// Whether udev's record of a device gives it to `seat0`, which has what is given to no other.
fn is_of_seat0(record: &Path) -> bool {
    let Ok(record) = fs::read(record) else { return false };
    let seat = record.split(|&b| b == b'\n').find_map(|line| line.strip_prefix(b"E:ID_SEAT="));
    seat.is_none_or(|seat| seat.is_empty() || seat == b"seat0")
}

fn has_card(cards: &Path) -> bool {
    let Ok(entries) = fs::read_dir(cards) else { return false };
    let is_card = |entry: fs::DirEntry| {
        let name = entry.file_name();
        name.as_encoded_bytes().starts_with(b"card") && entry.file_type().is_ok_and(|kind| kind.is_char_device())
    };
    entries.flatten().any(is_card)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::net::{bind, socket};

    use super::*;

    #[test]
    fn a_device_that_makes_a_seat_is_seen_to_come_and_go_wherever_udev_has_got_to() {
        let run = tempfile::tempdir().expect("a directory");
        let udev = run.path().join("udev");
        let mut graphics = Graphics::open(&udev, &run.path().join("dri")).expect("watched");
        assert!(!graphics.are_there());
        let _udevd = udevd(&udev);
        for folder in ["data", "tags", "tags/master-of-seat"] {
            fs::create_dir_all(udev.join(folder)).expect("a directory");
            assert_eq!(graphics.changed(), None, "{folder}");
        }
        fs::write(udev.join("data/c226:1"), "I:1\nE:ID_SEAT=seat1\n").expect("a file");
        fs::write(udev.join("tags/master-of-seat/c226:1"), "").expect("a file");
        assert_eq!(graphics.changed(), None, "another seat's");
        fs::write(udev.join("data/c226:0"), "I:1\nE:ID_FOR_SEAT=drm-pci\n").expect("a file");
        fs::write(udev.join("tags/master-of-seat/c226:0"), "").expect("a file");
        assert!(is_readable(&graphics), "nobody would look");
        assert_eq!(graphics.changed(), Some(Event::Graphics(true)));
        assert!(!is_readable(&graphics), "it would be looked at for ever");
        assert_eq!(graphics.changed(), None);
        fs::remove_file(udev.join("tags/master-of-seat/c226:0")).expect("it goes");
        assert!(is_readable(&graphics));
        assert_eq!(graphics.changed(), Some(Event::Graphics(false)));
    }

    #[test]
    fn what_the_initramfs_left_is_not_udevs_word() {
        let run = tempfile::tempdir().expect("a directory");
        let udev = run.path().join("udev");
        let early = udevd(&udev);
        for (file, text) in [("data/c226:0", "I:1\n"), ("tags/master-of-seat/c226:0", "")] {
            fs::create_dir_all(udev.join(file).parent().expect("it has one")).expect("a directory");
            fs::write(udev.join(file), text).expect("a file");
        }
        assert!(Graphics::open(&udev, &run.path().join("dri")).expect("watched").are_there());
        drop(early);
        let mut graphics = Graphics::open(&udev, &run.path().join("dri")).expect("watched");
        assert!(!graphics.has_udev() && !graphics.are_there());
        fs::remove_file(udev.join("control")).expect("it was left");
        let _udevd = udevd(&udev);
        assert!(is_readable(&graphics), "nobody would look");
        assert!(graphics.has_udev());
        assert_eq!(graphics.changed(), Some(Event::Graphics(true)));
    }

    #[test]
    fn without_udev_what_is_in_dev_counts_if_it_is_a_device() {
        let run = tempfile::tempdir().expect("a directory");
        let cards = run.path().join("dri");
        fs::create_dir(&cards).expect("a directory");
        fs::write(cards.join("card0"), "").expect("a file");
        assert!(!Graphics::open(&run.path().join("udev"), &cards).expect("watched").are_there());
        assert!(!has_card(Path::new("/dev")), "a null device is no card");
    }

    /// udev, as far as its socket goes.
    fn udevd(udev: &Path) -> OwnedFd {
        fs::create_dir_all(udev).expect("a directory");
        let socket = socket(AddressFamily::UNIX, SocketType::SEQPACKET, None).expect("a socket");
        bind(&socket, &SocketAddrUnix::new(udev.join("control")).expect("a name")).expect("bound");
        socket
    }

    fn is_readable(graphics: &Graphics) -> bool {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        poll(&mut [PollFd::new(graphics, PollFlags::IN)], Some(&Timespec::default())).expect("poll") == 1
    }
}
