//! Values as D-Bus has them on the wire (D-Bus Specification, "Marshaling"): written for a call, read from an answer.
//!
//! Only the types that login1's calls and their answers are made of. Each value begins at a multiple of its
//! alignment, counted from where the bytes begin; what is skipped for that is zero. What is read may be anybody's:
//! nothing is believed but what the bytes at hand bear out.

/// The order in which the bytes of a number are written; its sender's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endian {
    Little,
    Big,
}

impl Endian {
    pub(crate) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }
}

/// Bytes being written, little-endian.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// A message's body, which was written by itself and begins where a structure could.
    pub(crate) fn append(&mut self, body: &Self) {
        self.structure();
        self.0.extend_from_slice(&body.0);
    }

    /// `y`
    pub(crate) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    /// `u`, and `h` as the place among the file descriptors beside the message.
    pub(crate) fn u32(&mut self, value: u32) {
        self.align(4);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// `t`
    pub(crate) fn u64(&mut self, value: u64) {
        self.align(8);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// `b`
    pub(crate) fn boolean(&mut self, value: bool) {
        self.u32(value.into());
    }

    /// `s` and `o`. It must hold no NUL: no peer takes a message that has one.
    pub(crate) fn text(&mut self, value: &str) {
        self.u32(length(value.len()));
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(0);
    }

    /// `g`: types of ours, a few letters.
    pub(crate) fn signature(&mut self, value: &str) {
        self.0.push(u8::try_from(value.len()).unwrap_or(u8::MAX));
        self.0.extend_from_slice(value.as_bytes());
        self.0.push(0);
    }

    /// The beginning of a structure, `(`; nothing ends one.
    pub(crate) fn structure(&mut self) {
        self.align(8);
    }

    /// `a(…)`, whose elements `elements` writes.
    pub(crate) fn structures(&mut self, elements: impl FnOnce(&mut Self)) {
        self.u32(0);
        let length_at = self.0.len() - 4;
        self.align(8);
        let begin = self.0.len();
        elements(self);
        let written = length(self.0.len() - begin).to_le_bytes();
        if let Some(place) = self.0.get_mut(length_at..length_at + 4) {
            place.copy_from_slice(&written);
        }
    }

    fn align(&mut self, alignment: usize) {
        self.0.resize(self.0.len().next_multiple_of(alignment), 0);
    }
}

/// A length as it is written. Nothing of ours comes near 4 GiB; if it did, its receiver would refuse it.
pub(crate) fn length(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// Bytes being read. Each function takes the next value, or gives none if the bytes do not hold one; then the rest makes
/// no sense either.
#[derive(Debug)]
pub(crate) struct Reader<'m> {
    bytes: &'m [u8],
    at: usize,
    endian: Endian,
}

impl<'m> Reader<'m> {
    pub(crate) fn new(bytes: &'m [u8], endian: Endian) -> Self {
        Self { bytes, at: 0, endian }
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    /// Passes over so many bytes that have been read already.
    pub(crate) fn pass(&mut self, count: usize) -> Option<()> {
        self.take(count).map(drop)
    }

    /// `y`
    pub(crate) fn byte(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    /// `u`, and `h` as the place among the file descriptors beside the message.
    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.align(4)?;
        Some(self.endian.u32(self.take(4)?.try_into().ok()?))
    }

    /// `b`
    pub(crate) fn boolean(&mut self) -> Option<bool> {
        match self.u32()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// `s` and `o`
    pub(crate) fn text(&mut self) -> Option<&'m str> {
        let length = self.u32()?;
        self.ended_text(usize::try_from(length).ok()?)
    }

    /// `g`
    pub(crate) fn signature(&mut self) -> Option<&'m str> {
        let length = self.byte()?;
        self.ended_text(length.into())
    }

    /// The beginning of a structure, `(`; nothing ends one.
    pub(crate) fn structure(&mut self) -> Option<()> {
        self.align(8)
    }

    /// Passes over a value of that type, which must be a basic one.
    pub(crate) fn skip(&mut self, kind: &str) -> Option<()> {
        match kind {
            "y" => self.number(1),
            "n" | "q" => self.number(2),
            "i" | "u" | "h" | "b" => self.number(4),
            "x" | "t" | "d" => self.number(8),
            "s" | "o" => self.text().map(drop),
            "g" => self.signature().map(drop),
            _ => None,
        }
    }

    fn number(&mut self, size: usize) -> Option<()> {
        self.align(size)?;
        self.pass(size)
    }

    /// So many bytes of text and the NUL that ends them.
    fn ended_text(&mut self, length: usize) -> Option<&'m str> {
        let text = self.take(length)?;
        let is_ended = self.byte()? == 0 && !text.contains(&0);
        str::from_utf8(text).ok().filter(|_| is_ended)
    }

    fn align(&mut self, alignment: usize) -> Option<()> {
        let padding = self.at.next_multiple_of(alignment) - self.at;
        self.take(padding)?.iter().all(|&b| b == 0).then_some(())
    }

    fn take(&mut self, count: usize) -> Option<&'m [u8]> {
        let end = self.at.checked_add(count)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }
}

#[cfg(test)]
mod tests;
