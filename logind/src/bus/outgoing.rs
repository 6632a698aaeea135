//! What waits to be sent to one peer: in order, bounded, and never waited for by the loop.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zbus::Message;
use zbus::connection::socket::WriteHalf;

/// How many bytes may wait before one more message is refused. A single longer message still goes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What an empty message costs in memory, so that many small ones are bounded as well.
const OVERHEAD: usize = 256;

/// A peer's queue and the task that empties it.
#[derive(Debug)]
pub(super) struct Outgoing {
    queue: mpsc::UnboundedSender<Message>,
    waiting: Arc<AtomicUsize>,
    _writer: Task,
}

/// The peer does not read, or is gone: it is to be dropped.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stuck;

impl Outgoing {
    /// An empty queue that is written to `half`.
    pub(super) fn to(half: impl WriteHalf) -> Self {
        let (queue, messages) = mpsc::unbounded_channel();
        let waiting = Arc::new(AtomicUsize::new(0));
        let writer = Task(tokio::spawn(write(half, messages, Arc::clone(&waiting))));
        Self { queue, waiting, _writer: writer }
    }

    /// Queues a message.
    ///
    /// # Errors
    /// If too much waits already, or the writer has stopped.
    pub(super) fn push(&self, message: Message) -> Result<(), Stuck> {
        if self.waiting.fetch_add(cost(&message), Ordering::Relaxed) > MOST_BYTES {
            return Err(Stuck);
        }
        self.queue.send(message).map_err(|_| Stuck)
    }
}

async fn write(mut half: impl WriteHalf, mut messages: mpsc::UnboundedReceiver<Message>, waiting: Arc<AtomicUsize>) {
    while let Some(message) = messages.recv().await {
        if half.send_message(&message).await.is_err() {
            return; // the reader sees the same end, and tells why
        }
        waiting.fetch_sub(cost(&message), Ordering::Relaxed);
    }
}

fn cost(message: &Message) -> usize {
    message.data().len() + OVERHEAD
}

/// A task that ends with its owner.
#[derive(Debug)]
pub(super) struct Task(pub(super) JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
