//! What was changed, as `diff -u` tells it.

use std::fmt::Write;
use std::ops::Range;

use similar::algorithms::{Capture, Compact, Replace, myers};
use similar::{DiffOp, group_diff_ops};
use waypoint_xds::snapshot::Files;

/// How many equal lines stand around a change.
const CONTEXT: usize = 3;

/// The differences of files that have the same names, in their order.
pub(super) fn unified(before: &Files, after: &Files) -> String {
    let changed = before.iter().zip(after).filter(|(before, after)| before.text() != after.text());
    changed
        .map(|(before, after)| {
            let hunks = hunks(before.text(), after.text());
            format!("--- {}\n+++ {}\n{hunks}", before.name(), after.name())
        })
        .collect()
}

fn hunks(before: &str, after: &str) -> String {
    let (old, new) = (lines(before), lines(after));
    let mut text = String::new();
    for hunk in group_diff_ops(edits(&old, &new), CONTEXT) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        let old_range = first.old_range().start..last.old_range().end;
        let new_range = first.new_range().start..last.new_range().end;
        let _ = writeln!(text, "@@ -{} +{} @@", place(&old_range), place(&new_range));
        for edit in hunk {
            let equal = matches!(edit, DiffOp::Equal { .. });
            let (gone, come) = (old.get(edit.old_range()), new.get(edit.new_range()));
            add(&mut text, if equal { ' ' } else { '-' }, gone.unwrap_or_default());
            if !equal {
                add(&mut text, '+', come.unwrap_or_default());
            }
        }
    }
    text
}

/// The lines of a text, each with its end.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// What makes the new lines of the old ones. By its own name: by choosing the algorithm while it runs every
/// one of them would become part of the program.
fn edits(old: &[&str], new: &[&str]) -> Vec<DiffOp> {
    let mut edits = Compact::new(Replace::new(Capture::new()), old, new);
    let Ok(()) = myers::diff(&mut edits, old, 0..old.len(), new, 0..new.len());
    edits.into_inner().into_inner().into_ops()
}

/// Where lines stand, as a hunk names them: the first line's number, and how many there are. No lines stand
/// after the line whose number it is.
fn place(lines: &Range<usize>) -> String {
    match lines.len() {
        0 => format!("{},0", lines.start),
        1 => format!("{}", lines.start + 1),
        count => format!("{},{count}", lines.start + 1),
    }
}

fn add(text: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        text.push(sign);
        text.push_str(line);
        if !line.ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hunks_are_as_diff_writes_them() {
        let before: String = (1..=20).map(|line| format!("{line}\n")).collect();
        let after = before.replace("\n4\n", "\nfour\n").replace("\n16\n", "\n");
        let expected = "@@ -1,7 +1,7 @@\n 1\n 2\n 3\n-4\n+four\n 5\n 6\n 7\n\
                        @@ -13,7 +13,6 @@\n 13\n 14\n 15\n-16\n 17\n 18\n 19\n";
        assert_eq!(hunks(&before, &after), expected);
    }

    #[test]
    fn a_missing_end_of_the_last_line_is_told() {
        let expected = "@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n";
        assert_eq!(hunks("a", "a\nb\n"), expected);
        assert_eq!(hunks("", "a\n"), "@@ -0,0 +1 @@\n+a\n");
        assert_eq!(hunks("a\n", ""), "@@ -1 +0,0 @@\n-a\n");
    }
}
