//! A trace as HTML, for notebooks.

use super::text::text;
use crate::trace::Trace;
use crate::view::origins::Places;
use crate::view::table::escaped;

/// A trace as HTML: the verdict, and the way behind it, folded.
#[must_use]
pub fn html(trace: &Trace, places: &Places<'_>) -> String {
    let text = text(trace, places, false);
    let is_verdict = |line: &&str| !line.starts_with(' ');
    let verdicts: String = text
        .lines()
        .take_while(is_verdict)
        .map(|line| format!("<p><strong>{}</strong></p>\n", escaped(line)))
        .collect();
    let way: Vec<&str> = text.lines().skip_while(is_verdict).collect();
    format!(
        "{verdicts}<details>\n<summary>the way</summary>\n<pre>{}</pre>\n</details>\n",
        escaped(&way.join("\n"))
    )
}
