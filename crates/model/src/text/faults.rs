//! All that keeps a value from being read, not only what is met first.

use super::error::DecodeError;
use super::unread::Unread;

/// Most faults that are told of one value: each costs a reading of all of it.
const MAX_FAULTS: usize = 32;

/// Reads a value and, as long as something in it does not fit, again without that; gives all that did not
/// fit, and what the rest reads as, unless even that cannot be read.
pub(crate) fn every_fault<T>(
    mut read: impl FnMut(&Unread) -> Result<T, DecodeError>,
) -> (Vec<DecodeError>, Option<T>) {
    let unread = Unread::new();
    let mut faults = Vec::new();
    while faults.len() < MAX_FAULTS {
        let error = match read(&unread) {
            Ok(rest) => return (faults, Some(rest)),
            Err(error) => error,
        };
        // What does not fit even where nothing stands was told already.
        let is_new = error.node().is_none_or(|node| unread.leave_aside(node));
        let can_go_on = is_new && error.node().is_some();
        faults.extend(is_new.then_some(error));
        if !can_go_on {
            break;
        }
    }
    (faults, None)
}
