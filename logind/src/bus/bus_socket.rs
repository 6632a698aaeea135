//! Waiting for the system bus to be there: connects when its socket appears, asks seldom while it does not answer.

use std::io;
use std::mem::MaybeUninit;
use std::num::NonZeroUsize;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{debug, warn};
use zbus::MessageStream;
use zbus::connection::Builder;

use super::wire::{Stream, Writer, to_bus};
use crate::sys;

/// How long the bus may take for authentication and Hello: zbus itself waits for ever.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How many messages may wait between zbus and us: the bus lets each be 32 MiB long.
const QUEUE: NonZeroUsize = NonZeroUsize::new(16).expect("it is not zero");

/// The first and the longest pause between two attempts at a socket that is there and does not answer.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(30);

/// Connects to the bus at `path`, however long that takes: what it says, and what writes to it. zbus itself writes
/// nothing any more.
pub(super) async fn connect(path: &Path) -> (MessageStream, Writer) {
    let mut pause = SHORTEST;
    loop {
        // Watched before it is tried: what appears in between is seen.
        let watch = Watch::towards(path).inspect_err(|error| warn!("cannot watch for the system bus: {error}"));
        let again = match attempt(path).await {
            Ok(connected) => return connected,
            Err(Failed::Absent) if watch.is_ok() => None,
            Err(failed) => {
                debug!("cannot connect to the system bus: {failed}");
                Some(Instant::now() + pause)
            }
        };
        tokio::select! {
            () = changed(watch.ok()) => pause = SHORTEST,
            () = at(again) => pause = (pause * 2).min(LONGEST),
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("there is no socket")]
    Absent,
    #[error("{0}")]
    Connect(#[from] io::Error),
    #[error("{0}")]
    Handshake(#[from] zbus::Error),
    #[error("it does not answer")]
    Silent,
}

async fn attempt(path: &Path) -> Result<(MessageStream, Writer), Failed> {
    let stream = UnixStream::connect(path).await.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Failed::Absent,
        _ => error.into(),
    })?;
    let (halves, writer) = to_bus(Stream::new(stream.into_std()?.into())?);
    let handshake = Builder::socket(halves).max_queued(QUEUE).build_message_stream();
    let messages = timeout(HANDSHAKE, handshake).await.map_err(|_| Failed::Silent)??;
    Ok((messages, writer))
}

async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

async fn changed(watch: Option<Watch>) {
    match watch {
        Some(watch) => watch.changed().await,
        None => std::future::pending().await,
    }
}

/// A watch on the folder nearest to a file that may not be there yet.
#[derive(Debug)]
struct Watch(AsyncFd<OwnedFd>);

impl Watch {
    fn towards(path: &Path) -> io::Result<Self> {
        let queue = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        let appears = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ATTRIB;
        let goes = WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
        loop {
            let mut missing = None;
            for folder in path.ancestors().skip(1) {
                match inotify::add_watch(&queue, folder, appears | goes | WatchFlags::ONLYDIR) {
                    Err(Errno::NOENT) => missing = Some(folder),
                    outcome => {
                        outcome?;
                        break;
                    }
                }
            }
            // A folder that came before the one above it was watched is told of by nobody.
            if !missing.is_some_and(Path::exists) {
                return sys::watched(queue, Interest::READABLE).map(Self);
            }
        }
    }

    /// Returns at the first thing that happens there.
    async fn changed(&self) {
        let mut buffer = [MaybeUninit::uninit(); 512];
        let read = |queue: &OwnedFd| {
            let mut events = inotify::Reader::new(queue, &mut buffer);
            events.next().map(|event| event.events().contains(ReadFlags::IGNORED)).map_err(io::Error::from)
        };
        if let Err(error) = self.0.async_io(Interest::READABLE, read).await {
            warn!("cannot read the watch for the system bus: {error}");
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier};

    use super::*;

    #[test]
    fn a_folder_that_comes_while_it_is_looked_for_is_seen() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let place = tempfile::tempdir().expect("a folder");
        runtime.block_on(async {
            for round in 0..1000 {
                let folder = place.path().join(round.to_string());
                let (socket, both) = (folder.join("socket"), Arc::new(Barrier::new(2)));
                let start = Arc::clone(&both);
                let maker = std::thread::spawn(move || {
                    start.wait();
                    std::fs::create_dir(folder).expect("a folder");
                });
                both.wait();
                let watch = Watch::towards(&socket).expect("a watch");
                maker.join().expect("it is made");
                std::fs::write(&socket, "").expect("a file");
                timeout(Duration::from_secs(5), watch.changed()).await.expect("the folder or the file is seen");
            }
        });
    }
}
