//! A comparison as text, JSON, and the Markdown of a comment.

mod behaviour;
mod markdown;
mod place;
mod text;

pub use markdown::markdown;
pub use text::text;

pub(super) use behaviour::example;
pub(super) use markdown::code;
pub(super) use place::named;

use serde_json::Value;

use super::origins::Places;
use crate::diff::Diff;
use place::Sides;

/// A comparison as JSON: what [`Diff`] has, with `place` (file, line and column) in each `because` and
/// `oldBecause`.
///
/// # Errors
///
/// Those of `serde_json`; a comparison has nothing that is no JSON.
pub fn json(diff: &Diff, old: &Places<'_>, new: &Places<'_>) -> Result<Value, serde_json::Error> {
    let sides = Sides::new(diff, old, new);
    let mut value = serde_json::to_value(diff)?;
    sides.add_places(&mut value);
    Ok(value)
}

/// A number of bytes as people write it.
fn bytes(count: usize) -> String {
    // Large enough for any mesh, and only for people.
    #[allow(clippy::cast_precision_loss)]
    let count_in = |unit: usize| count as f64 / unit as f64;
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} kB", count_in(1_000)),
        _ => format!("{:.1} MB", count_in(1_000_000)),
    }
}

/// A value on one line, as much as fits.
fn short(value: &Value) -> String {
    const MAX_CHARS: usize = 100;
    let text = value.to_string();
    match text.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}
