//! Fixes: from what becomes of a field to what becomes of the text.

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::{Change, Edit, Problem, Replacement};
use crate::snapshot::Reading;
use crate::text::edit::{self, TextEdit};
use crate::text::{Node, SourceFile};

/// Gives every fix its replacements. A fix that is not certain in this text is left out.
pub(super) fn settle(reading: &Reading, problems: &mut [Problem]) {
    let mut asked = Vec::new();
    let mut edits = Vec::new();
    for (at, problem) in problems.iter().enumerate() {
        for edit in problem.fix.iter().flat_map(|fix| &fix.edits) {
            if let Some(source) = reading.source(&edit.object) {
                asked.push(source);
                edits.push((at, edit.clone()));
            }
        }
    }
    let mut found: BTreeMap<usize, Vec<Replacement>> = BTreeMap::new();
    reading.files.visit(&asked, |question, object| {
        if let Some((at, edit)) = edits.get(question) {
            found.entry(*at).or_default().extend(replacement(object, edit));
        }
    });
    for (at, problem) in problems.iter_mut().enumerate() {
        let mut replacements = found.remove(&at).unwrap_or_default();
        replacements.sort();
        replacements.dedup();
        problem.fix = problem.fix.take().filter(|fix| {
            let mut pairs = replacements.iter().zip(replacements.iter().skip(1));
            // All of a fix, or nothing of it.
            replacements.len() == fix.edits.len() && !pairs.any(|(one, other)| touch(one, other))
        });
        if let Some(fix) = &mut problem.fix {
            fix.replacements = replacements;
        }
    }
}

fn replacement(object: Node<'_>, Edit { field, change, .. }: &Edit) -> Option<Replacement> {
    let TextEdit { span, text } = match change {
        Change::Set(value) => edit::set(object, field, value),
        Change::Rename(key) => edit::rename(object, field, key),
        Change::Remove => edit::remove(object, field),
    }?;
    Some(Replacement { place: object.document().file().stretch(span), text })
}

/// Whether two replacements, in their order, are so near that one changes what the other is about.
fn touch(one: &Replacement, other: &Replacement) -> bool {
    one.place.file == other.place.file && other.place.start <= one.place.end
}

/// Applies the fixes of problems to files, as many as do not touch one another; gives the files, mended and
/// not, and how many fixes were applied. None where none was.
pub(crate) fn apply<'f>(
    files: impl IntoIterator<Item = &'f SourceFile>,
    problems: &[Problem],
) -> Option<(Vec<SourceFile>, usize)> {
    let mut taken = BTreeSet::new();
    let mut applied = 0;
    for fix in problems.iter().filter_map(|problem| problem.fix.as_ref()) {
        // Two findings may have one fix.
        let is_taken = fix.replacements.iter().all(|new| taken.contains(new));
        if is_taken || !fix.replacements.iter().any(|new| touches(&taken, new)) {
            taken.extend(fix.replacements.iter().cloned());
            applied += 1;
        }
    }
    (applied > 0).then(|| (files.into_iter().map(|file| mended(file, &taken)).collect(), applied))
}

/// Whether a replacement touches one of those taken, none of which touches another.
fn touches(taken: &BTreeSet<Replacement>, new: &Replacement) -> bool {
    let before = taken.range(..=new).next_back();
    let behind = taken.range(new..).next();
    before.is_some_and(|before| touch(before, new)) || behind.is_some_and(|behind| touch(new, behind))
}

/// A file with its replacements made.
fn mended(file: &SourceFile, replacements: &BTreeSet<Replacement>) -> SourceFile {
    let mut of_file = replacements.iter().filter(|new| new.place.file == *file.name()).peekable();
    if of_file.peek().is_none() {
        return file.clone();
    }
    let text = |from: u32, to: usize| file.text().get(from as usize..to).unwrap_or_default();
    let mut out = String::new();
    let mut at = 0;
    for Replacement { place, text: new } in of_file {
        out.push_str(text(at, place.start as usize));
        out.push_str(new);
        at = place.end;
    }
    out.push_str(text(at, file.text().len()));
    file.with_text(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Code, Fix};
    use crate::text::Span;

    /// A finding whose fix writes texts over stretches of a file.
    fn problem(file: &SourceFile, replacements: &[(u32, u32, &str)]) -> Problem {
        let replacement = |&(start, end, text): &(u32, u32, &str)| Replacement {
            place: file.stretch(Span { start, end }),
            text: text.to_owned(),
        };
        let replacements = replacements.iter().map(replacement).collect();
        Problem::new(Code::MethodCase, "m").fix(Fix { message: "f".into(), edits: Vec::new(), replacements })
    }

    fn applied(all: &[&[(u32, u32, &str)]]) -> Option<(String, usize)> {
        let file = SourceFile::new("a", "0123456789");
        let problems: Vec<Problem> = all.iter().map(|replacements| problem(&file, replacements)).collect();
        let (files, fixes) = apply([&file], &problems)?;
        Some((files.first()?.text().to_owned(), fixes))
    }

    #[test]
    fn fixes_that_touch_take_turns() {
        assert_eq!(applied(&[&[(5, 6, "f")], &[(1, 3, "")]]), Some(("034f6789".into(), 2)));
        assert_eq!(applied(&[&[(1, 3, "x")], &[(3, 4, "y")]]), Some(("0x3456789".into(), 1)));
        assert_eq!(applied(&[&[(1, 8, "x")], &[(3, 4, "y")]]), Some(("0x89".into(), 1)));
        assert_eq!(applied(&[&[(3, 3, "x")], &[(3, 3, "y")]]), Some(("012x3456789".into(), 1)));
        assert_eq!(
            applied(&[&[(3, 3, "x")], &[(3, 3, "x")]]),
            Some(("012x3456789".into(), 2)),
            "one fix for two"
        );
        assert_eq!(applied(&[]), None);
    }

    #[test]
    fn a_fix_is_applied_as_a_whole_or_not_at_all() {
        let fixes: [&[(u32, u32, &str)]; 2] = [&[(1, 3, "x")], &[(2, 3, "y"), (8, 9, "z")]];
        assert_eq!(applied(&fixes), Some(("0x3456789".into(), 1)));
    }
}
