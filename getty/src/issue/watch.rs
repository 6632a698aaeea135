//! What may change the visible issue while nobody types: its files, the addresses of this host, a request (`--reload`).

use std::ffi::{OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, bind, recv, socket_with};
use tracing::warn;

use super::{Fact, Template};
use crate::arguments::Issue;
use crate::paths;

/// A watch on everything that the issue is made of. What cannot be watched is told to the log and does not change the
/// prompt until it is asked for again.
pub(crate) struct Watch {
    files: Option<OwnedFd>,
    addresses: Option<OwnedFd>,
    folders: Vec<PathBuf>,
    names: Vec<OsString>,
}

impl Watch {
    /// Watches what `template`, made of `issue`, may change with.
    pub(crate) fn on(issue: &Issue, template: &Template) -> Self {
        let (folders, names) = sources(issue);
        let files = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK);
        let files = told("the files of the issue cannot be watched", files);
        let addresses = template.tells(Fact::is_address).then(watch_addresses);
        let addresses = addresses.and_then(|socket| told("the addresses of this host cannot be watched", socket));
        let watch = Self { files, addresses, folders, names };
        watch.add_folders();
        watch
    }

    /// What is ready when something happened.
    pub(crate) fn files(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.files.iter().chain(&self.addresses).map(AsFd::as_fd)
    }

    /// Takes note of all that happened; whether the issue may read differently now.
    pub(crate) fn take(&mut self) -> bool {
        let in_files = self.files.as_ref().map_or(Ok(false), |files| self.take_files(files));
        let in_addresses = self.addresses.as_ref().map_or(Ok(false), take_addresses);
        // What fails would be ready for ever: it is watched no more.
        if told("the files of the issue are watched no more", in_files).is_none() {
            self.files = None;
        }
        if told("the addresses of this host are watched no more", in_addresses).is_none() {
            self.addresses = None;
        }
        if in_files == Ok(true) {
            self.add_folders(); // a folder of drop-ins may be new
        }
        in_files == Ok(true) || in_addresses == Ok(true)
    }

    /// A folder that is not there has nothing to watch, and its parent tells when it comes.
    fn add_folders(&self) {
        let events = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVED_FROM
            | WatchFlags::MOVED_TO
            | WatchFlags::CLOSE_WRITE
            | WatchFlags::ATTRIB
            | WatchFlags::ONLYDIR;
        for folder in &self.folders {
            match self.files.as_ref().map_or(Ok(0), |files| inotify::add_watch(files, folder, events)) {
                Ok(_) | Err(Errno::NOENT | Errno::NOTDIR) => {}
                Err(e) => warn!(folder = %folder.display(), error = %e, "a folder of the issue cannot be watched"),
            }
        }
    }

    fn take_files(&self, files: &OwnedFd) -> Result<bool, Errno> {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = Reader::new(files, &mut buffer);
        let mut is_ours = false;
        loop {
            match events.next() {
                Ok(event) => {
                    is_ours |= event.file_name().is_some_and(|name| self.is_source(OsStr::from_bytes(name.to_bytes())));
                    is_ours |= event.events().contains(ReadFlags::QUEUE_OVERFLOW);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(is_ours),
                Err(e) => return Err(e),
            }
        }
    }

    fn is_source(&self, name: &OsStr) -> bool {
        let is_known = |known: &&str| name == *known;
        [paths::ISSUE, paths::ISSUE_DROP_INS].iter().chain(&paths::ISSUE_SOURCES).any(is_known)
            || name.as_bytes().ends_with(b".issue")
            || self.names.iter().any(|listed| listed == name)
    }
}

/// The folders that the files of `issue` are in, and the names of those that it names itself.
fn sources(issue: &Issue) -> (Vec<PathBuf>, Vec<OsString>) {
    let mut folders: Vec<PathBuf> = paths::ISSUE_ROOTS.iter().map(PathBuf::from).collect();
    let mut names = Vec::new();
    match issue {
        Issue::System => folders.extend(paths::ISSUE_ROOTS.map(|root| Path::new(root).join(paths::ISSUE_DROP_INS))),
        Issue::Files(list) => {
            for path in list.split(':').filter(|path| !path.is_empty()).map(Path::new) {
                names.extend(path.file_name().map(OsStr::to_owned));
                folders.extend(path.parent().map(|parent| Path::new(".").join(parent)));
                folders.push(path.to_owned()); // if it is one
            }
        }
        Issue::None => {}
    }
    (folders, names)
}

/// A socket on which the kernel tells of links and addresses that come and go (`rtnetlink(7)`).
fn watch_addresses() -> Result<OwnedFd, Errno> {
    const LINK: u32 = 1; // RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR of linux/rtnetlink.h
    const IPV4: u32 = 0x10;
    const IPV6: u32 = 0x100;
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
    // Protocol 0 is NETLINK_ROUTE (linux/netlink.h).
    bind(&socket, &SocketAddrNetlink::new(0, LINK | IPV4 | IPV6))?;
    Ok(socket)
}

/// Whether anything came. What came does not matter: the addresses are asked for anew.
fn take_addresses(socket: &OwnedFd) -> Result<bool, Errno> {
    let mut buffer = [0_u8; 4096];
    let mut came = false;
    loop {
        match recv(socket, &mut buffer, RecvFlags::empty()) {
            Ok((0, _)) => return Err(Errno::CONNRESET), // a netlink socket has no end
            Ok(_) | Err(Errno::NOBUFS) => came = true,  // some were lost: they count too
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => return Ok(came),
            Err(e) => return Err(e),
        }
    }
}

fn told<T>(what: &str, result: Result<T, Errno>) -> Option<T> {
    if let Err(e) = &result {
        warn!(error = %e, "{what}");
    }
    result.ok()
}
