//! Lists of names in messages.

use std::fmt::Display;

/// How many names a message tells.
const MOST: usize = 5;

/// `a`, `b` and `c`; of many only the first.
pub(super) fn few<T: Display>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] if names.len() <= MOST => format!("{} and {last}", first.join(", ")),
        _ => {
            let told: Vec<&str> = names.iter().take(MOST).map(String::as_str).collect();
            format!("{} and {} more", told.join(", "), names.len() - MOST)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::few;

    #[test]
    fn many_names_are_cut_short() {
        assert_eq!(few(["a"]), "`a`");
        assert_eq!(few(["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(few(1..=7), "`1`, `2`, `3`, `4`, `5` and 2 more");
    }
}
