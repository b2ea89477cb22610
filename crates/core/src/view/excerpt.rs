//! The line of a file that a problem shows, short enough to be read.

use unicode_width::UnicodeWidthStr as _;

use crate::problem::Place;

/// Stands for a character that cannot be printed.
pub(super) const REPLACEMENT: char = '\u{fffd}';

/// Whether a terminal would obey a character instead of showing it: controls, and those that change the
/// direction of the text around them, so that it reads as something else.
pub(super) fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Characters shown before and behind the marked place in a longer line.
const AROUND: usize = 80;
/// Spaces for a tab.
const TAB: &str = "    ";

/// A line to show, and what in it is marked, in columns of a terminal: a Chinese character takes two, an
/// accent that combines with the letter before it none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    pub(super) line: String,
    pub(super) before: usize,
    pub(super) marked: usize,
}

/// The first line of a place. Of a longer place only that line is marked; of a long line only the
/// surroundings shown.
pub(super) fn of(text: &str, place: &Place) -> Excerpt {
    let (head, rest) = text.split_at_checked(place.start as usize).unwrap_or((text, ""));
    let (before, cut_before) = last_characters(head, AROUND);
    let length = (place.end.saturating_sub(place.start)) as usize;
    let marked_bytes = rest.split_at_checked(length).map_or(rest, |(marked, _)| marked);
    let (marked, cut_marked) = first_characters(marked_bytes, AROUND);
    let behind = rest.get(marked.len()..).unwrap_or_default();
    let (after, cut_after) = first_characters(behind, AROUND);
    let before = format!("{}{}", if cut_before { "…" } else { "" }, shown(before));
    // A place beyond the line's end, or an empty one, is marked with one caret.
    let marked_text = shown(marked);
    let tail = if cut_marked {
        "…".to_owned()
    } else {
        format!("{}{}", shown(after), if cut_after { "…" } else { "" })
    };
    Excerpt {
        before: before.width(),
        marked: marked_text.width().max(1),
        line: format!("{before}{marked_text}{tail}").trim_end().to_owned(),
    }
}

/// Some lines of a text with their numbers, from one to another, not more than `most`; long ones are cut.
/// Those that are left out are one with three dots.
pub(super) fn lines(text: &str, from: u32, to: u32, most: usize) -> Vec<(u32, String)> {
    let all = (to.max(from) - from) as usize + 1;
    let kept = if all > most { most.saturating_sub(1) } else { all };
    let found = text.lines().skip(from.saturating_sub(1) as usize).take(kept);
    let mut lines: Vec<(u32, String)> = (from..).zip(found.map(cut)).collect();
    if let Some((last, _)) = lines.last().filter(|_| kept < all) {
        lines.push((last + 1, "…".to_owned()));
    }
    lines
}

/// A line, not too long.
fn cut(line: &str) -> String {
    let (line, is_cut) = first_characters(line, 2 * AROUND);
    format!("{}{}", shown(line), if is_cut { "…" } else { "" })
}

/// The last characters of the text's last line, and whether there are more.
fn last_characters(text: &str, most: usize) -> (&str, bool) {
    let mut start = text.len();
    for (count, (at, character)) in text.char_indices().rev().enumerate() {
        if character == '\n' {
            return (text.get(start..).unwrap_or_default(), false);
        }
        if count == most {
            return (text.get(start..).unwrap_or_default(), true);
        }
        start = at;
    }
    (text, false)
}

/// The first characters of the text's first line, and whether there are more in the line.
fn first_characters(text: &str, most: usize) -> (&str, bool) {
    for (count, (at, character)) in text.char_indices().enumerate() {
        if character == '\n' || count == most {
            return (text.get(..at).unwrap_or_default(), character != '\n');
        }
    }
    (text, false)
}

fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\t' => out.push_str(TAB),
            '\r' | '\u{feff}' => {}
            c if is_unprintable(c) => out.push(REPLACEMENT),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{SourceFile, Span};

    fn excerpt(text: &str, start: u32, end: u32) -> (String, usize, usize) {
        let file = SourceFile::new("f", text);
        let Excerpt { line, before, marked } = of(text, &file.place(Span { start, end }));
        (line, before, marked)
    }

    #[test]
    fn shows_the_first_line_of_a_place() {
        assert_eq!(excerpt("a: b\nc: d\n", 3, 9), ("a: b".into(), 3, 1));
        assert_eq!(excerpt("\ta: b", 4, 5), ("    a: b".into(), 7, 1));
        assert_eq!(excerpt("ä: ö\r\n", 4, 6), ("ä: ö".into(), 3, 1));
    }

    #[test]
    fn marks_stand_below_what_they_mark_in_every_script() {
        // Two columns each, four bytes in UTF-8 for the emoji.
        assert_eq!(excerpt("名: 前", 5, 8), ("名: 前".into(), 4, 2));
        assert_eq!(excerpt("🚀: a", 6, 7), ("🚀: a".into(), 4, 1));
        // An e, and an accent that combines with it.
        assert_eq!(excerpt("e\u{301}: b", 5, 6), ("e\u{301}: b".into(), 3, 1));
    }

    #[test]
    fn the_end_of_the_file_gets_a_caret() {
        assert_eq!(excerpt("a: [", 4, 4), ("a: [".into(), 4, 1));
        assert_eq!(excerpt("a\n", 2, 2), (String::new(), 0, 1));
    }

    #[test]
    fn lines_have_their_numbers() {
        let numbered = |from, to, most| lines("a\nb\n\tc\nd\n", from, to, most);
        let expected = |all: &[(u32, &str)]| -> Vec<(u32, String)> {
            all.iter().map(|(number, line)| (*number, (*line).to_owned())).collect()
        };
        assert_eq!(numbered(2, 3, 5), expected(&[(2, "b"), (3, "    c")]));
        assert_eq!(numbered(1, 4, 3), expected(&[(1, "a"), (2, "b"), (3, "…")]));
        assert_eq!(numbered(4, 9, 9), expected(&[(4, "d")]));
        assert_eq!(lines(&"x".repeat(200), 1, 1, 1)[0].1.chars().count(), 161);
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides() {
        let text = "x".repeat(1_000_000);
        let (line, before, marked) = excerpt(&text, 500_000, 500_010);
        assert_eq!((line.chars().count(), before, marked), (172, 81, 10));
        assert!(line.starts_with('…') && line.ends_with('…'));
    }
}
