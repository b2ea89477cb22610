//! Priorities by labels: `failoverPriority`.

use std::collections::BTreeMap;

use super::locality::close_gaps;
use super::{LocalityPlan, Server};
use crate::Str;
use crate::rules::FailoverPriority;
use crate::well_known::NETWORK;

/// A label and the value that preferred endpoints have.
pub(super) type Wanted<'a> = (&'a str, &'a str);

/// The labels of `failoverPriority`: `key=value`, or `key` for the proxy's own value.
pub(super) fn wanted_labels<'a>(priority: &'a [Str], own: impl Fn(&str) -> &'a str) -> Vec<Wanted<'a>> {
    let fixed: BTreeMap<&str, &str> = priority.iter().filter_map(|entry| split_label(entry)).collect();
    let key = |entry: &'a Str| entry.split('=').next().unwrap_or_default();
    priority.iter().map(key).map(|key| (key, fixed.get(key).copied().unwrap_or_else(|| own(key)))).collect()
}

/// `key=value`; more than one `=` counts as no value.
fn split_label(entry: &str) -> Option<(&str, &str)> {
    entry.split_once('=').filter(|(_, value)| !value.contains('='))
}

/// Splits localities by how many of the wanted labels their endpoints have, the first ones counting most. Of
/// localities beyond the first `known` the endpoints' labels are not known: they are left out.
pub(super) fn by_labels(
    localities: &mut Vec<LocalityPlan<'_>>,
    wanted: &[Wanted<'_>],
    priority: FailoverPriority,
    known: usize,
) {
    let mut split = Vec::new();
    for locality in std::mem::take(localities).into_iter().take(known) {
        let LocalityPlan { place, endpoints, .. } = locality;
        let mut groups: BTreeMap<u32, LocalityPlan<'_>> = BTreeMap::new();
        for endpoint in endpoints {
            let distance = label_distance(&endpoint.server, wanted, priority);
            let group = groups.entry(distance).or_insert_with(|| LocalityPlan {
                place,
                weight: 0,
                priority: distance,
                gets_traffic: true,
                endpoints: Vec::new(),
                left_out: Vec::new(),
            });
            group.weight = group.weight.wrapping_add(endpoint.weight);
            group.endpoints.push(endpoint);
        }
        split.extend(groups.into_values());
    }
    *localities = split;
    close_gaps(localities);
}

/// How far an endpoint is by labels: 0 where all agree, more the earlier the first difference.
fn label_distance(server: &Server<'_>, wanted: &[Wanted<'_>], priority: FailoverPriority) -> u32 {
    let lowest = u32::try_from(wanted.len()).unwrap_or(u32::MAX);
    let mut other_network = 0;
    for (step, (key, value)) in (0..).zip(wanted) {
        if server.label(key) == *value {
            continue;
        }
        if step == 0 && *key == NETWORK && priority == FailoverPriority::NetworkLast {
            // Endpoints of another network come after all of this one, and are told apart by the other
            // labels.
            other_network = lowest;
            continue;
        }
        return lowest - step + other_network;
    }
    other_network
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wanted_labels_have_the_proxys_value_unless_they_name_one() {
        let priority: Vec<Str> = ["zone".into(), "app=web".into(), "odd=a=b".into()].into();
        let wanted = wanted_labels(&priority, |key| if key == "zone" { "z1" } else { "own" });
        assert_eq!(wanted, [("zone", "z1"), ("app", "web"), ("odd", "own")]);
    }
}
