//! What waits to be sent to one peer: in order, bounded, and never waited for by the loop.
//!
//! A peer is not asked for its next call while too much waits for it, so answers are bounded by whoever does not read
//! them. Signals come unasked: who lets too many of those wait is dropped.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use zbus::connection::socket::WriteHalf;

use super::letter::Parcel;

/// How many messages and bytes may wait before the peer is not listened to until it has read some.
const ENOUGH_MESSAGES: usize = 64;
const ENOUGH_BYTES: usize = 1024 * 1024;

/// How much may wait before the peer is given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Most {
    /// Messages.
    pub(super) messages: usize,
    /// Bytes; a longer message still goes if it is the only one.
    pub(super) bytes: usize,
}

/// A peer's queue and the task that empties it.
#[derive(Debug)]
pub(super) struct Outgoing {
    queue: mpsc::UnboundedSender<Parcel>,
    backlog: Arc<Backlog>,
    most: Most,
    _writer: Task,
}

/// How much waits.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    messages: AtomicUsize,
    bytes: AtomicUsize,
    is_over: AtomicBool,
    drained: Notify,
}

/// The peer does not read, or is gone: it is to be dropped.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stuck;

impl Outgoing {
    /// An empty queue that is written to `half`.
    pub(super) fn to(half: impl WriteHalf, most: Most) -> Self {
        let (queue, messages) = mpsc::unbounded_channel();
        let backlog = Arc::<Backlog>::default();
        let writer = Task(tokio::spawn(write(half, messages, Arc::clone(&backlog))));
        Self { queue, backlog, most, _writer: writer }
    }

    /// How much waits, for who reads from the same peer.
    pub(super) fn backlog(&self) -> Arc<Backlog> {
        Arc::clone(&self.backlog)
    }

    /// Queues a message.
    ///
    /// # Errors
    /// If too much waits already, or the writer has stopped.
    pub(super) fn push(&self, message: impl Into<Parcel>) -> Result<(), Stuck> {
        let message = message.into();
        let messages = self.backlog.messages.fetch_add(1, Ordering::Relaxed);
        let bytes = self.backlog.bytes.fetch_add(message.bytes().len(), Ordering::Relaxed);
        if messages > self.most.messages || bytes > self.most.bytes {
            return Err(Stuck);
        }
        self.queue.send(message).map_err(|_| Stuck)
    }
}

impl Backlog {
    /// Returns once little enough waits.
    ///
    /// # Errors
    /// If nothing can be sent to the peer any more.
    pub(super) async fn is_small(&self) -> Result<(), Stuck> {
        loop {
            if self.is_over.load(Ordering::Relaxed) {
                return Err(Stuck);
            }
            let messages = self.messages.load(Ordering::Relaxed);
            if messages <= ENOUGH_MESSAGES && self.bytes.load(Ordering::Relaxed) <= ENOUGH_BYTES {
                return Ok(());
            }
            self.drained.notified().await; // one that came since the question is remembered
        }
    }

    fn sent(&self, message: &Parcel) {
        self.messages.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(message.bytes().len(), Ordering::Relaxed);
        self.drained.notify_one();
    }

    fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.drained.notify_one();
    }
}

async fn write(mut half: impl WriteHalf, mut messages: mpsc::UnboundedReceiver<Parcel>, backlog: Arc<Backlog>) {
    while let Some(message) = messages.recv().await {
        if send(&mut half, &message).await.is_err() {
            break; // the reader sees the same end, and tells why
        }
        backlog.sent(&message);
    }
    backlog.end();
}

async fn send(half: &mut impl WriteHalf, message: &Parcel) -> io::Result<()> {
    let mut rest = message.bytes();
    let mut fds = message.fds();
    while !rest.is_empty() {
        let sent = half.sendmsg(rest, &fds).await?;
        rest = rest.get(sent..).unwrap_or_default();
        fds.clear(); // they have gone with the first byte
    }
    Ok(())
}

/// A task that ends with its owner.
#[derive(Debug)]
pub(super) struct Task(pub(super) JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
