//! The rules, one a file: see [`RULES`].

mod method_case;

use super::Rule;

/// Every rule, by its code.
pub const RULES: &[Rule] = &[method_case::RULE];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_code_has_one_rule_and_they_are_in_order() {
        let codes: Vec<&str> = RULES.iter().map(|rule| rule.code.id()).collect();
        let sorted: BTreeSet<&str> = codes.iter().copied().collect();
        assert_eq!(codes, sorted.into_iter().collect::<Vec<_>>());
    }
}
