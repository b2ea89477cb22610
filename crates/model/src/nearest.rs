//! The word that somebody may have meant.

use std::fmt;

/// The nearest of some names, if one is near: a letter more, less, other or swapped for every three that it
/// has, and no more than two in all. Case does not count.
pub fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let most = (word.chars().count() / 3).clamp(1, 2);
    let word = word.to_lowercase();
    let near = names.map(|name| (distance(&word, &name.to_lowercase()), name));
    near.filter(|(distance, _)| *distance <= most).min().map(|(_, name)| name)
}

/// The question whether one of these names was meant; there is at least one.
pub fn did_you_mean<N: fmt::Display>(names: impl IntoIterator<Item = N>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    format!("did you mean {}?", names.join(" or "))
}

/// How many letters have to be added, removed, replaced or swapped with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    // The rows of the usual table: the one before the last, the last, and the one that is made.
    let mut older: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut before = None;
    for (row, a) in one.chars().enumerate() {
        let mut made = vec![row + 1];
        let mut before_b = None;
        for (column, &b) in other.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&last, column) + usize::from(a != b);
            let added = at(&made, column).min(at(&last, column + 1)) + 1;
            let mut least = replaced.min(added);
            if column > 0 && before == Some(b) && before_b == Some(a) {
                least = least.min(at(&older, column - 1) + 1);
            }
            made.push(least);
            before_b = Some(b);
        }
        older = std::mem::replace(&mut last, made);
        before = Some(a);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_swaps_as_one() {
        assert_eq!(distance("form", "from"), 1);
        assert_eq!(distance("principle", "principals"), 2);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("host", "hosts"), 1);
        assert_eq!(distance("ca", "abc"), 3);
    }

    #[test]
    fn only_what_is_near_is_meant() {
        let names = || ["from", "to", "when"].into_iter();
        assert_eq!(nearest("form", names()), Some("from"));
        assert_eq!(nearest("From", names()), Some("from"));
        assert_eq!(nearest("source", names()), None);
    }

    #[test]
    fn all_names_are_asked_for() {
        assert_eq!(did_you_mean(["from"]), "did you mean `from`?");
        assert_eq!(did_you_mean(["from", "to"]), "did you mean `from` or `to`?");
    }
}
