//! Words that several views have.

use crate::trace::Verdict;

/// A count of something: `1 test`, `2 tests`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A verdict, so that it stands out.
pub(super) const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Allowed => "ALLOWED",
        Verdict::Denied => "DENIED",
        Verdict::Answered => "ANSWERED",
        Verdict::Failed => "FAILED",
        Verdict::Unknown => "UNKNOWN",
    }
}
