//! One epoll(7) instance for all that is watched, itself one descriptor of the runtime.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;

use crate::sys;

/// The token of the virtual terminal in front.
pub(super) const FOREGROUND: u64 = 0;

/// The token of the graphics devices.
pub(super) const GRAPHICS: u64 = 1;

/// The first token for what belongs to a session.
pub(super) const FIRST_FREE: u64 = 4;

/// What the token of a getty has set, beside its terminal's number.
pub(super) const GETTYS: u64 = 1 << 63;

/// How many descriptors are reported at once.
const BATCH: usize = 64;

/// What of a descriptor is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Interest {
    /// That it can be read.
    Readable,
    /// That a file of sysfs or a cgroup says something else (`EPOLLPRI`, sysfs_notify, cgroup-v2.rst).
    Priority,
    /// That the other end is closed, and nothing else (`EPOLLHUP`).
    HungUp,
}

/// The descriptors waited for, each with a token.
#[derive(Debug)]
pub(super) struct Poller(AsyncFd<OwnedFd>);

impl Poller {
    pub(super) fn open() -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        sys::watched(epoll, tokio::io::Interest::READABLE).map(Self)
    }

    /// Waits for `source` as well.
    pub(super) fn add(&self, source: impl AsFd, token: u64, interest: Interest) -> io::Result<()> {
        let flags = match interest {
            Interest::Readable => EventFlags::IN,
            Interest::Priority => EventFlags::PRI,
            Interest::HungUp => EventFlags::empty(), // always reported
        };
        Ok(epoll::add(self.0.get_ref(), source, EventData::new_u64(token), flags)?)
    }

    /// Waits for `source` no longer. Closing is not enough while a copy of it is open.
    pub(super) fn remove(&self, source: impl AsFd) {
        if let Err(errno) = epoll::delete(self.0.get_ref(), source)
            && errno != Errno::NOENT
        {
            tracing::warn!(error = %errno, "cannot stop watching");
        }
    }

    /// The tokens of what is ready, once something is. Nothing is lost if this is dropped while it waits: what is ready
    /// and not dealt with is reported again.
    pub(super) async fn ready(&self) -> Vec<u64> {
        loop {
            let mut guard = match self.0.readable().await {
                Ok(guard) => guard,
                Err(error) => {
                    // Only a runtime that is being shut down refuses, and that drops us.
                    tracing::error!(error = %error, "nothing can be watched any more");
                    std::future::pending().await
                }
            };
            let mut events = Vec::with_capacity(BATCH);
            let count = epoll::wait(self.0.get_ref(), spare_capacity(&mut events), Some(&Timespec::default()));
            if !matches!(count, Ok(count) if count == BATCH) {
                guard.clear_ready();
            }
            if !events.is_empty() {
                return events
                    .iter()
                    .map(|event| {
                        let data = event.data;
                        data.u64()
                    })
                    .collect();
            }
        }
    }
}
