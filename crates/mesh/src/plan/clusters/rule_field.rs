//! Which field of a DestinationRule says something that holds for a cluster.

use crate::mesh::destination_rule::MergedRule;
use crate::snapshot::networking::destination_rule::{ClientTlsSettings, TrafficPolicy};
use crate::snapshot::{Cause, FieldPath};

/// The field that these TLS settings of a rule stand in; where several objects were merged into the rule, and
/// one of them said it for the destination as a whole, all of them.
pub(super) fn of_tls(rule: &MergedRule, settings: &ClientTlsSettings) -> Vec<Cause> {
    for (subset, cause) in rule.spec.subsets.iter().zip(&rule.subset_causes) {
        let policy = subset.traffic_policy.as_ref();
        if let Some((place, number)) =
            policy.and_then(|policy| place(policy, settings)).zip(cause.field.position())
        {
            let field = match place {
                Place::Destination => FieldPath::at("spec.subsets[].trafficPolicy.tls", [number]),
                Place::Port(port) => {
                    FieldPath::at("spec.subsets[].trafficPolicy.portLevelSettings[].tls", [number, port])
                }
            };
            return vec![Cause::new(cause.object.clone(), field)];
        }
    }
    let place = rule.spec.traffic_policy.as_ref().and_then(|policy| place(policy, settings));
    match (rule.from.as_slice(), place) {
        ([only], Some(place)) if only.field.is_like("spec.trafficPolicy") => {
            let field = match place {
                Place::Destination => FieldPath::field("spec.trafficPolicy.tls"),
                Place::Port(port) => FieldPath::at("spec.trafficPolicy.portLevelSettings[].tls", [port]),
            };
            vec![Cause::new(only.object.clone(), field)]
        }
        (from, _) => from.to_vec(),
    }
}

/// Where in a traffic policy settings stand.
enum Place {
    /// For the destination, or the subset, as a whole.
    Destination,
    /// For the port at this position.
    Port(usize),
}

fn place(policy: &TrafficPolicy, settings: &ClientTlsSettings) -> Option<Place> {
    let is_it = |tls: &Option<ClientTlsSettings>| tls.as_ref().is_some_and(|tls| std::ptr::eq(tls, settings));
    if is_it(&policy.tls) {
        return Some(Place::Destination);
    }
    policy.port_level_settings.iter().position(|port| is_it(&port.tls)).map(Place::Port)
}
