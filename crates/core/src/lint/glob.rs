//! Shell patterns, for files and namespaces.

/// Whether a text fits a pattern: `*` is anything but `/`, `**` anything, `?` one character but `/`.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    // Where to go on when the rest does not fit: behind the last star, with one character more for it.
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let mut reached: Vec<usize> = vec![0];
    let mut at = 0;
    while let Some(&token) = pattern.get(at) {
        let is_double = token == '*' && pattern.get(at + 1) == Some(&'*');
        let mut next = Vec::new();
        for &from in &reached {
            let rest = text.get(from..).unwrap_or_default();
            let length = match token {
                '*' if is_double => rest.len(),
                '*' => rest.iter().take_while(|c| **c != '/').count(),
                '?' if rest.first().is_some_and(|c| *c != '/') => 1,
                _ if rest.first() == Some(&token) => 1,
                _ => continue,
            };
            let shortest = if token == '*' { from } else { from + length };
            next.extend(shortest..=from + length);
        }
        next.sort_unstable();
        next.dedup();
        reached = next;
        at += if is_double { 2 } else { 1 };
    }
    reached.contains(&text.len())
}

/// Whether the path of a file fits a pattern, from any of its folders on: `legacy/*.yaml` fits
/// `shop/legacy/a.yaml`. A pattern that starts with `/` is for the whole path.
pub(super) fn matches_path(pattern: &str, path: &str) -> bool {
    let path = path.replace('\\', "/");
    if pattern.starts_with('/') {
        return matches(pattern, &path);
    }
    let folders = path.match_indices('/').filter_map(|(at, _)| path.get(at + 1..));
    std::iter::once(path.as_str()).chain(folders).any(|rest| matches(pattern, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text) in [
            ("a*", "abc"),
            ("*", ""),
            ("a?c", "abc"),
            ("*-dev", "shop-dev"),
            ("**/x", "a/b/x"),
            ("a**", "a/b"),
            ("äb*", "äbc"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("a*", "a/b"), ("a?c", "a/c"), ("a", "ab"), ("*-dev", "shop"), ("", "a"), ("?", "")]
        {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn paths_fit_from_any_folder_on() {
        for (pattern, path) in [
            ("a.yaml", "shop/a.yaml"),
            ("legacy/*.yaml", "shop/legacy/a.yaml"),
            ("legacy/**", "./legacy/a/b.yaml"),
            ("/shop/**", "/shop/a.yaml"),
            ("*.yaml", "a\\b.yaml"),
        ] {
            assert!(matches_path(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("legacy/*.yaml", "my-legacy/a.yaml"),
            ("/legacy/**", "/shop/legacy/a.yaml"),
            ("a.yaml", "aa.yaml"),
        ] {
            assert!(!matches_path(pattern, path), "{pattern} {path}");
        }
    }
}
