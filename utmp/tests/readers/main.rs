//! The readers of long files: what they hand out, what they pass over, and that nothing makes them fail.

#[cfg(test)]
mod reading;
