//! Names in messages.

/// How many names are listed.
const MOST: usize = 5;

/// `a, b and 3 more`: the first few of some names.
pub(crate) fn list(names: &[String]) -> String {
    let shown = names.get(..names.len().min(MOST)).unwrap_or_default();
    match (shown, names.len() - shown.len()) {
        ([only], 0) => only.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_end_in_a_number() {
        let names: Vec<String> = ('a'..='g').map(String::from).collect();
        let of = |count| list(names.get(..count).unwrap_or_default());
        assert_eq!([of(1), of(2), of(3)], ["a", "a and b", "a, b and c"]);
        assert_eq!(of(7), "a, b, c, d, e and 2 more");
    }
}
