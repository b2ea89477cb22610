//! Licence expressions, as SPDX has them.

use std::collections::BTreeSet;

/// Whether an expression can be met with the licences that are allowed.
pub(super) fn allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    // An older way to write `OR`.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words, allowed };
    let met = parser.any();
    met && parser.words.is_empty()
}

struct Parser<'w> {
    words: &'w [&'w str],
    allowed: &'w BTreeSet<String>,
}

impl Parser<'_> {
    fn any(&mut self) -> bool {
        let mut met = self.all();
        while self.take("OR") {
            met |= self.all();
        }
        met
    }

    fn all(&mut self) -> bool {
        let mut met = self.one();
        while self.take("AND") {
            met &= self.one();
        }
        met
    }

    fn one(&mut self) -> bool {
        if self.take("(") {
            let met = self.any();
            return self.take(")") && met;
        }
        let Some((licence, rest)) = self.words.split_first() else { return false };
        self.words = rest;
        if self.take("WITH")
            && let Some((exception, rest)) = self.words.split_first()
        {
            self.words = rest;
            return self.allowed.contains(&format!("{licence} WITH {exception}"));
        }
        self.allowed.contains(*licence)
    }

    fn take(&mut self, word: &str) -> bool {
        let rest = self.words.split_first().filter(|(first, _)| **first == word).map(|(_, rest)| rest);
        self.words = rest.unwrap_or(self.words);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_met_by_what_is_allowed() {
        let some = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(String::from).into();
        for (expression, met) in [
            ("MIT", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0 OR MIT", true),
            ("GPL-3.0", false),
            ("MIT AND GPL-3.0", false),
            ("(MIT OR GPL-3.0) AND ISC", true),
            ("(GPL-3.0 OR Zlib) AND ISC", false),
            ("Apache-2.0 WITH LLVM-exception", true),
            ("Apache-2.0", false),
            ("MIT MIT", false),
            ("", false),
        ] {
            assert_eq!(allowed(expression, &some), met, "{expression}");
        }
    }
}
