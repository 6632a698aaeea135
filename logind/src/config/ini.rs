//! The lines of a configuration file in systemd's dialect (systemd.syntax(7)).

/// What a line, with those that continue it, says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// `[Name]`
    Section(String),
    /// `Key=value`, both without blanks around them.
    Assignment {
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// The line has bytes that are no text.
    NotUtf8,
    /// Something else.
    Neither,
}

/// The entries of `bytes`, each with the number of its first line. Empty lines and comments (`#`, `;`) are none; a
/// backslash at the end of a line continues it with the next that is no comment.
pub(super) fn entries(bytes: &[u8]) -> Vec<(usize, Entry)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes); // a byte order mark
    let mut entries = Vec::new();
    let mut pending: Option<(usize, Vec<u8>)> = None;
    for (index, line) in bytes.split(|&b| b == b'\n' || b == 0).enumerate() {
        let line = line.trim_ascii();
        if matches!(line.first(), Some(b'#' | b';')) {
            continue;
        }
        let (number, mut whole) = pending.take().unwrap_or((index + 1, Vec::new()));
        match line.strip_suffix(b"\\") {
            Some(part) => {
                whole.extend_from_slice(part);
                whole.push(b' ');
                pending = Some((number, whole));
            }
            None => {
                whole.extend_from_slice(line);
                entries.extend(entry(&whole).map(|entry| (number, entry)));
            }
        }
    }
    entries.extend(pending.and_then(|(number, whole)| entry(&whole).map(|entry| (number, entry))));
    entries
}

fn entry(line: &[u8]) -> Option<Entry> {
    let Ok(text) = std::str::from_utf8(line) else { return Some(Entry::NotUtf8) };
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if let Some(name) = text.strip_prefix('[') {
        return Some(name.strip_suffix(']').map_or(Entry::Neither, |name| Entry::Section(name.to_owned())));
    }
    Some(match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => {
            Entry::Assignment { key: key.trim().to_owned(), value: value.trim().to_owned() }
        }
        _ => Entry::Neither,
    })
}
