//! Localities that load is distributed over, or falls back to.

use std::collections::BTreeSet;

use crate::Str;
use crate::admission::check::Checker;
use crate::problem::Code;
use crate::snapshot::networking::destination_rule::{
    Failover, LocalityLoadBalancerSetting, OutlierDetection, ZoneAwareLoadBalancerSetting,
};
use crate::well_known::{REGION, SUB_ZONE, ZONE};

/// Labels that say where a workload runs.
const TOPOLOGY: [&str; 3] = [REGION, ZONE, SUB_ZONE];

/// A setting of a load balancer or of the mesh.
pub(in crate::admission) fn check(
    c: &Checker<'_>,
    lb: &LocalityLoadBalancerSetting,
    outlier: Option<&OutlierDetection>,
) {
    if !lb.distribute.is_empty() && !lb.failover.is_empty() {
        return c.conflict("only one of `distribute` and `failover` may be set");
    }
    if c.rules.failover_excludes_topology && !lb.failover.is_empty() {
        c.each("failoverPriority", &lb.failover_priority, |c, label| {
            if TOPOLOGY.contains(&label.as_str()) {
                c.conflict(format!("`failover` excludes the topology label `{label}`"));
            }
        });
    }
    c.each("distribute", &lb.distribute, |c, distribute| {
        let to = c.field("to");
        for (locality, weight) in &distribute.to {
            if !(1..=100).contains(weight) {
                to.key(locality).invalid(format!("the weight {weight} is not between 1 and 100"));
            }
        }
        let sum: u64 = distribute.to.values().map(|weight| u64::from(*weight)).sum();
        if sum != 100 {
            to.invalid(format!("the weights add up to {sum}, not to 100"));
        }
        disjoint(&to, distribute.to.keys());
    });
    disjoint(&c.field("distribute"), lb.distribute.iter().map(|distribute| &distribute.from));
    failover(c, &lb.failover, &lb.failover_priority, outlier);
}

/// Load balancing that is aware of zones, since 1.31: regions are always apart.
pub(in crate::admission) fn zone_aware(
    c: &Checker<'_>,
    lb: &ZoneAwareLoadBalancerSetting,
    outlier: Option<&OutlierDetection>,
) {
    c.each("failoverPriority", &lb.failover_priority, |c, label| {
        if TOPOLOGY.contains(&label.as_str()) {
            c.conflict(format!("the topology label `{label}` counts without being named"));
        }
    });
    failover(c, &lb.failover, &lb.failover_priority, outlier);
}

fn failover(c: &Checker<'_>, failover: &[Failover], priority: &[Str], outlier: Option<&OutlierDetection>) {
    if (!failover.is_empty() || !priority.is_empty()) && outlier.is_none() {
        c.warn(
            Code::Ineffective,
            "without `outlierDetection` nothing fails over",
            "add `outlierDetection` to the same traffic policy",
        );
    }
    c.each("failover", failover, |c, failover| {
        if failover.from == failover.to {
            c.conflict("both regions are the same");
        }
        for (name, region) in [("from", &failover.from), ("to", &failover.to)] {
            if region.contains(['/', '*']) {
                c.field(name).invalid(format!("`{region}` is no region"));
            }
        }
    });
}

/// `region`, `region/zone` or `region/zone/subzone`, the last of them `*` at most; none may cover another
/// that stands before it.
fn disjoint<'l>(c: &Checker<'_>, localities: impl Iterator<Item = &'l Str>) {
    let mut seen: BTreeSet<Vec<&str>> = BTreeSet::new();
    for locality in localities {
        let stars = locality.matches('*').count();
        if stars > 1 || (stars == 1 && !locality.ends_with('*')) {
            return c.invalid(format!("`{locality}` has a `*` that is not at its end"));
        }
        let parts: Vec<&str> = locality.splitn(3, '/').collect();
        if parts.iter().any(|part| part.is_empty()) {
            return c.invalid(format!("`{locality}` has an empty region, zone or subzone"));
        }
        if overlaps(&seen, &parts) {
            return c.conflict(format!("`{locality}` is covered by another locality here"));
        }
        seen.insert(parts);
    }
}

/// Whether a locality is covered by one before it, or covers one.
fn overlaps(seen: &BTreeSet<Vec<&str>>, parts: &[&str]) -> bool {
    let starts = (0..=parts.len()).filter_map(|length| parts.get(..length));
    let covered = starts.clone().skip(1).any(|start| seen.contains(start))
        || starts.into_iter().any(|start| seen.contains(&[start, &["*"]].concat()));
    // What starts with these parts follows them in the order of the set.
    covered || seen.range(parts.to_vec()..).next().is_some_and(|next| next.starts_with(parts))
}

#[cfg(test)]
mod tests {
    use super::overlaps;

    fn covered(before: &str, locality: &str) -> bool {
        overlaps(&[before.split('/').collect()].into(), &locality.split('/').collect::<Vec<_>>())
    }

    #[test]
    fn a_wider_locality_covers_a_narrower_one() {
        assert!(covered("*", "a"));
        assert!(covered("a", "a/b"));
        assert!(covered("a/*", "a/b"));
        assert!(covered("a/b", "a/b/c"));
        assert!(covered("a/b/c", "a/b/c"));
        assert!(covered("a/b", "a"));
        assert!(!covered("a/b", "a/c"));
        assert!(!covered("a/b/c", "a/b/d"));
    }
}
