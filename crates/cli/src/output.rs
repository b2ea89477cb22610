//! Standard output and standard error.

use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::{Failure, input};

/// Prints a text, quietly giving up when nobody reads it any more (`… | head`).
///
/// # Errors
///
/// When it cannot be written: a full disk, say.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(input::failed(Path::new("<stdout>"), error))
        }
        _ => Ok(()),
    }
}

/// Says something on standard error. Where that cannot be written, nobody can be told.
pub(crate) fn say(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}
