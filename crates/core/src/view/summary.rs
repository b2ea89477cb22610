//! What was read and what was not, in a few lines.

use std::fmt::Write;

use crate::snapshot::{Ignored, Summary};
use crate::view::words::counted;

/// The summary as text: nothing is skipped silently.
///
/// ```text
/// read 12 objects from 1 file: 2 Pod, 10 Service
/// left out 1 object with errors: 1 VirtualService
/// ignored 3 objects: 3 Cat (cats.example.com/v1, unknown kind)
/// ```
#[must_use]
pub fn text(summary: &Summary) -> String {
    let mut out = String::new();
    let kinds = |counts: &mut dyn Iterator<Item = (String, usize)>| {
        counts.map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
    };
    let read = kinds(&mut summary.read.iter().map(|(kind, count)| (kind.to_string(), *count)));
    line(
        &mut out,
        "read",
        summary.objects_read(),
        &format!(" from {}", counted(summary.files, "file")),
        &read,
    );
    let mut left_out: Vec<(String, usize)> =
        summary.left_out.iter().map(|(kind, count)| (kind.to_string(), *count)).collect();
    if summary.unidentified > 0 {
        left_out.push(("without kind or name".to_owned(), summary.unidentified));
    }
    if !left_out.is_empty() {
        let kinds = kinds(&mut left_out.into_iter());
        line(&mut out, "left out", summary.objects_left_out(), " with errors", &kinds);
    }
    if summary.unreadable_documents > 0 {
        let documents = counted(summary.unreadable_documents, "document");
        let _ = writeln!(out, "could not read {documents}");
    }
    if summary.replaced > 0 {
        let _ =
            writeln!(out, "replaced {} by later ones of the same name", counted(summary.replaced, "object"));
    }
    if !summary.ignored.is_empty() {
        let ignored: Vec<String> = summary
            .ignored
            .iter()
            .map(|((version, kind, why), count)| {
                let why = match why {
                    Ignored::UnknownKind => "unknown kind",
                    Ignored::NotForWaypoints => "waypoints do not use it",
                    Ignored::OfAnotherCluster => "not read from clusters other than the first",
                };
                format!("{count} {kind} ({version}, {why})")
            })
            .collect();
        line(&mut out, "ignored", summary.objects_ignored(), "", &ignored.join(", "));
    }
    if summary.unread_total > 0 {
        let fields = counted(usize::try_from(summary.unread_total).unwrap_or(usize::MAX), "field");
        let _ = writeln!(out, "ignored {fields} that have no effect");
    }
    out
}

fn line(out: &mut String, verb: &str, objects: usize, rest: &str, kinds: &str) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{verb} {}{rest}", counted(objects, "object"));
    if !kinds.is_empty() {
        let _ = write!(out, ": {kinds}");
    }
    out.push('\n');
}
