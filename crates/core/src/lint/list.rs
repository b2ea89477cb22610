//! Lists of names in messages.

use std::fmt::Display;

/// How many names a message tells.
const MAX_NAMES: usize = 5;

/// `a`, `b` and `c`, each in backticks; of many only the first.
pub(super) fn few<T: Display>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    plain(&names)
}

/// The same of names that have their backticks, or need none.
pub(super) fn plain(names: &[String]) -> String {
    let shown = names.get(..names.len().min(MAX_NAMES)).unwrap_or_default();
    match (shown, names.len() - shown.len()) {
        ([], _) => String::new(),
        ([only], 0) => only.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_cut_short() {
        assert_eq!(few(["a"]), "`a`");
        assert_eq!(few(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(few(1..=7), "`1`, `2`, `3`, `4`, `5` and 2 more");
    }

    #[test]
    fn long_lists_end_in_a_number() {
        let names: Vec<String> = ('a'..='g').map(String::from).collect();
        let of = |count| plain(names.get(..count).unwrap_or_default());
        assert_eq!([of(1), of(2), of(3)], ["a", "a and b", "a, b and c"]);
        assert_eq!(of(7), "a, b, c, d, e and 2 more");
    }
}
