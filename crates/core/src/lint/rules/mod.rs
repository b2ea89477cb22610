//! The rules, one a file: see [`RULES`].

mod empty_subset;
mod ignored_field;
mod ignored_match;
mod method_case;
mod nested_waypoint;
mod overlapping_routes;
mod route_not_attached;
mod route_not_read;
mod unknown_host;
mod unknown_port;
mod wildcard_host;
mod zero_weights;

use super::Rule;

/// Every rule, by its code.
pub const RULES: &[Rule] = &[
    empty_subset::RULE,
    ignored_field::RULE,
    ignored_match::RULE,
    method_case::RULE,
    nested_waypoint::RULE,
    overlapping_routes::RULE,
    route_not_attached::RULE,
    route_not_read::RULE,
    unknown_host::RULE,
    unknown_port::RULE,
    wildcard_host::RULE,
    zero_weights::RULE,
];

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
