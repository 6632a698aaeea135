//! JSON of outside bytes: what is UTF-8 is text, what is not is shown and spelt out.

use std::fmt::Write;

/// Writes `bytes` as a JSON string; what is not UTF-8 becomes U+FFFD.
pub(crate) fn string(json: &mut String, bytes: &[u8]) {
    json.push('"');
    for c in String::from_utf8_lossy(bytes).chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            // Control characters must be escaped; DEL and those of Latin-1 do things to terminals too.
            '\0'..='\x1f' | '\x7f'..='\u{9f}' => {
                let _ = write!(json, "\\u{:04x}", u32::from(c)); // a String takes all
            }
            c => json.push(c),
        }
    }
    json.push('"');
}

/// Writes `"name":"…"`, and `"name_bytes":"…"` in hexadecimal beside it where the text is not UTF-8.
pub(crate) fn field(json: &mut String, name: &str, bytes: &[u8]) {
    let _ = write!(json, "\"{name}\":");
    string(json, bytes);
    if str::from_utf8(bytes).is_err() {
        let _ = write!(json, ",\"{name}_bytes\":\"{}\"", hex(bytes));
    }
}

/// Two digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
