//! Standard output.

use std::io::Write;

/// Prints a text, quietly giving up when nobody reads it any more (`… | head`).
pub(crate) fn print(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(text.as_bytes());
    let _ = stdout.flush();
}
