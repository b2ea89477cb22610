//! The rules, one a file: see [`RULES`].

mod address_allocated;
mod dynamic_dns_port;
mod envoy_filter_out_of_reach;
mod extension_match;
mod host_twice;
mod mesh_config_elsewhere;
mod method_case;
mod no_address;
mod several_addresses;
mod telemetry_provider;
mod telemetry_scope;
mod tls_twice;
mod tracing_off;

use super::Rule;

/// Every rule, by its code.
pub const RULES: &[Rule] = &[
    address_allocated::RULE,
    dynamic_dns_port::RULE,
    envoy_filter_out_of_reach::RULE,
    extension_match::RULE,
    host_twice::RULE,
    mesh_config_elsewhere::RULE,
    method_case::RULE,
    no_address::RULE,
    several_addresses::RULE,
    telemetry_provider::RULE,
    telemetry_scope::RULE,
    tls_twice::RULE,
    tracing_off::RULE,
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
