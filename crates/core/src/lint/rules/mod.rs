//! The rules, one a file: see [`RULES`].

mod authorization_provider;
mod default_deny_misses_waypoint;
mod deny_overrides_allow;
mod detected_protocol;
mod ip_blocks;
mod jwt_not_checked;
mod jwt_not_demanded;
mod method_case;
mod path_form;
mod policy_at_ztunnel;
mod policy_on_tcp_port;
mod principal_form;
mod target_port;
mod unknown_namespace;
mod waypoint_as_source;
mod waypoint_locked_out;

use super::Rule;

/// Every rule, by its code.
pub const RULES: &[Rule] = &[
    authorization_provider::RULE,
    default_deny_misses_waypoint::RULE,
    deny_overrides_allow::RULE,
    detected_protocol::RULE,
    ip_blocks::RULE,
    jwt_not_checked::RULE,
    jwt_not_demanded::RULE,
    method_case::RULE,
    path_form::RULE,
    policy_at_ztunnel::RULE,
    policy_on_tcp_port::RULE,
    principal_form::RULE,
    target_port::RULE,
    unknown_namespace::RULE,
    waypoint_as_source::RULE,
    waypoint_locked_out::RULE,
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
