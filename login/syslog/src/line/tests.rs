//! What a text becomes, byte by byte.

use std::io;

use super::*;

/// The text of the event that `log` emits.
fn text(log: impl FnOnce()) -> String {
    use std::sync::{Arc, Mutex};

    struct Capture(Arc<Mutex<String>>);
    impl tracing::Subscriber for Capture {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }
        fn event(&self, event: &tracing::Event<'_>) {
            let mut fields = Fields::default();
            event.record(&mut fields);
            *self.0.lock().expect("one thread") = fields.into_text();
        }
        fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
            tracing::span::Id::from_u64(1)
        }
        fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}
        fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}
        fn enter(&self, _: &tracing::span::Id) {}
        fn exit(&self, _: &tracing::span::Id) {}
    }

    let captured = Arc::new(Mutex::new(String::new()));
    tracing::subscriber::with_default(Capture(Arc::clone(&captured)), log);
    captured.lock().expect("one thread").clone()
}

#[test]
fn control_bytes_and_foreign_letters_are_escaped_everywhere() {
    assert_eq!(text(|| tracing::info!("a\nb\x1b[2J{}", 'ä')), r"a\x0ab\x1b[2J\xc3\xa4");
    let user = "root\n<38>Nov 21 00:00:00 sshd[1]: Accepted";
    assert_eq!(
        text(|| tracing::info!(user, "failed")),
        r#"failed user="root\x0a<38>Nov 21 00:00:00 sshd[1]: Accepted""#
    );
}

#[test]
fn a_value_cannot_pose_as_another_field() {
    assert_eq!(text(|| tracing::info!(user = "a addr=1.2.3.4", "x")), r#"x user="a addr=1.2.3.4""#);
    assert_eq!(text(|| tracing::info!(user = r#"a" addr="b"#, "x")), r#"x user="a\" addr=\"b""#);
    assert_eq!(text(|| tracing::info!(user = "", "x")), r#"x user="""#);
    assert_eq!(text(|| tracing::info!(path = r"a\x0ab", "x")), r"x path=a\\x0ab");
}

#[test]
fn values_of_every_kind_are_printed() {
    let error = io::Error::other("no such terminal");
    let logged = text(|| tracing::info!(a = 1, b = true, c = %"d", e = &b"\xff"[..], f = &error as &dyn Error, "x"));
    assert_eq!(logged, r#"x a=1 b=true c=d e=\xff f="no such terminal""#);
    assert_eq!(text(|| tracing::info!(a = 1)), "a=1");
}

#[test]
fn an_error_is_told_with_its_causes() {
    #[derive(Debug)]
    struct Outer(io::Error);
    impl fmt::Display for Outer {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("cannot open tty1")
        }
    }
    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    let error = Outer(io::Error::other("gone"));
    assert_eq!(text(|| tracing::error!(error = &error as &dyn Error)), r#"error="cannot open tty1: gone""#);
}

#[test]
fn a_megabyte_becomes_one_bounded_line() {
    let noise = "\x07".repeat(1 << 20);
    for logged in [
        text(|| tracing::info!("{noise}")),
        text(|| tracing::info!(noise, "x")),
        text(|| tracing::info!(noise = %noise, "x")),
        text(|| tracing::info!(noise = noise.as_bytes(), other = 1, "{noise}")),
    ] {
        assert_eq!(logged.len(), TEXT_MAX);
        assert!(logged.ends_with(CUT));
    }
    assert_eq!(text(|| tracing::info!(noise = %"ä".repeat(1000), "x")).len(), TEXT_MAX);
}
