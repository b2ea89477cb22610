//! What notebooks show.

use waypoint_xds::resources::Part;
use waypoint_xds::view::table::Table;

/// A text as it is.
pub(crate) fn text(text: &str) -> String {
    format!("<pre>{}</pre>", escaped(text))
}

/// A sentence.
pub(crate) fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", escaped(text))
}

/// A text that is folded away behind a heading.
pub(crate) fn folded(heading: &str, text: &str) -> String {
    format!("<details><summary>{}</summary>{}</details>", escaped(heading), self::text(text))
}

/// A table of these columns.
pub(crate) fn table<const N: usize>(
    header: [&str; N],
    rows: impl IntoIterator<Item = [String; N]>,
) -> String {
    let mut table = Table::new(&header, 1);
    for row in rows {
        table.push("", Part::Resource, row.to_vec());
    }
    table.to_html()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
