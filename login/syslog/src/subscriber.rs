//! The `tracing` side: takes events, ignores spans.

use tracing::field::Visit;
use tracing::level_filters::LevelFilter;
use tracing::span;
use tracing::{Event, Level, Metadata, Subscriber};

use crate::line::{Facility, Fields, Line, Severity};
use crate::sink::Sink;

/// The subscriber that turns events into log lines.
#[derive(Debug)]
pub(crate) struct Syslog {
    pub(crate) identifier: &'static str,
    pub(crate) facility: Facility,
    pub(crate) max_level: Level,
    pub(crate) sink: Sink,
}

impl Syslog {
    fn line(&self, level: Level, record: impl FnOnce(&mut dyn Visit)) -> Line {
        let mut fields = Fields::default();
        record(&mut fields);
        Line {
            facility: self.facility,
            severity: Severity::of(level),
            identifier: self.identifier,
            pid: std::process::id(), // asked each time: a fork's child logs under its own number
            text: fields.into_text(),
        }
    }
}

impl Subscriber for Syslog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.max_level
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(self.max_level))
    }

    fn event(&self, event: &Event<'_>) {
        self.sink.send(&self.line(*event.metadata().level(), |fields| event.record(fields)));
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;
    use std::time::Duration;

    use super::*;
    use crate::paths::Paths;
    use crate::sink::Stderr;

    /// What arrives at the log daemon when `log` runs.
    fn received(log: impl FnOnce()) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        let paths = Paths { log: folder.path().join("log"), kmsg: folder.path().join("kmsg") };
        let daemon = UnixDatagram::bind(&paths.log).expect("a socket");
        daemon.set_read_timeout(Some(Duration::from_secs(10))).expect("a deadline");
        let sink = Sink::new(paths, Stderr::FallbackOffTerminals);
        let syslog = Syslog { identifier: "test", facility: Facility::AuthPriv, max_level: Level::INFO, sink };
        tracing::subscriber::with_default(syslog, log);
        let mut datagram = [0; 4096];
        let length = daemon.recv(&mut datagram).expect("a line");
        String::from_utf8(datagram[..length].to_vec()).expect("ASCII")
    }

    #[test]
    fn an_event_becomes_one_datagram_with_priority_time_name_and_pid() {
        let line = received(|| tracing::warn!(line = "tty1", tries = 3, "login failed"));
        assert!(line.starts_with("<84>"), "{line}"); // 10 * 8 + 4
        assert_eq!(line.as_bytes()[4 + 15], b' ', "{line}");
        let tail = format!(" test[{}]: login failed line=tty1 tries=3", std::process::id());
        assert!(line.ends_with(&tail), "{line}");
    }

    #[test]
    fn events_above_the_level_and_spans_are_silent() {
        let line = received(|| {
            tracing::debug!("not this");
            let _span = tracing::info_span!("nor this").entered();
            tracing::info!("but this");
        });
        assert!(line.ends_with("]: but this"), "{line}");
    }
}
