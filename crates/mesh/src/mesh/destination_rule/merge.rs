//! Several DestinationRules for one host become one.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::sync::Arc;

use crate::Str;
use crate::rules::DestinationRuleMerge;
use crate::snapshot::networking::destination_rule::{
    DestinationRule, PortTrafficPolicy, Subset, TrafficPolicy,
};
use crate::snapshot::{Cause, FieldPath, Labels, Object, ObjectRef};

/// A DestinationRule as it holds for its host: one object, or several that were merged.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MergedRule {
    /// Its namespace.
    pub namespace: Str,
    /// Its name: of the first DestinationRule that it was made from.
    pub name: Str,
    /// The objects that it was made from, with the traffic policy where they have one.
    pub from: Vec<Cause>,
    /// For each of its subsets, by position, the field that it was read from.
    pub subset_causes: Vec<Cause>,
    /// Where in its subsets the first of each name is.
    pub(super) positions: BTreeMap<Str, usize>,
    /// The host that it is for, fully qualified.
    pub host: Str,
    /// Its contents, but for the host.
    pub spec: RuleSpec,
    /// The namespaces that see it, as written (`.`, `*`, `~` or a name); empty = the mesh's default.
    pub(super) export_to: BTreeSet<Str>,
    /// Whether it comes from Gateway API backend policies: then a user's own rule wins field by field.
    pub(super) from_backend_policy: bool,
}

/// The contents of a rule: mostly those of one object, which it shares with the snapshot.
#[derive(Clone, Debug)]
pub enum RuleSpec {
    /// Those of an object.
    Read(Arc<Object<DestinationRule>>),
    /// Those that were merged, or made of backend policies.
    Made(Arc<DestinationRule>),
}

impl RuleSpec {
    /// The contents to change, apart from the snapshot's.
    fn make_mut(&mut self) -> &mut DestinationRule {
        match self {
            Self::Made(spec) => Arc::make_mut(spec),
            Self::Read(object) => &mut Arc::make_mut(object).spec,
        }
    }
}

impl Deref for RuleSpec {
    type Target = DestinationRule;

    fn deref(&self) -> &DestinationRule {
        match self {
            Self::Read(object) => &object.spec,
            Self::Made(spec) => spec,
        }
    }
}

impl PartialEq for RuleSpec {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl MergedRule {
    /// What it says of a subset of its, by name: the field that the subset was read from.
    #[must_use]
    pub fn cause_of_subset(&self, name: &str) -> Option<&Cause> {
        self.subset_causes.get(*self.positions.get(name)?)
    }

    /// The objects that origins name: each resource of a host has them all, so that of very many they are the
    /// first.
    #[must_use]
    pub fn causes(&self) -> &[Cause] {
        const MAX_CAUSES: usize = 64;
        self.from.get(..MAX_CAUSES).unwrap_or(&self.from)
    }

    /// The subset with this name. The empty name is the destination as a whole, never a subset.
    #[must_use]
    pub fn subset(&self, name: &str) -> Option<&Subset> {
        if name.is_empty() {
            return None;
        }
        self.spec.subsets.get(*self.positions.get(name)?)
    }

    /// The workloads that it is for; none = all.
    fn selector(&self) -> Selector<'_> {
        Selector(self.spec.workload_selector.as_ref().map(|s| &s.match_labels))
    }

    /// Adds another rule for the same host: new subsets, and the traffic policy if there is none yet.
    fn absorb(&mut self, other: &Self) {
        self.from.extend(other.from.iter().cloned());
        let known = self.spec.subsets.len();
        let spec = self.spec.make_mut();
        for (subset, cause) in other.spec.subsets.iter().zip(&other.subset_causes) {
            // Of one name the other may have several.
            let position = *self.positions.entry(subset.name.clone()).or_insert(spec.subsets.len());
            if position >= known {
                spec.subsets.push(subset.clone());
                self.subset_causes.push(cause.clone());
            }
        }
        match (self.from_backend_policy, other.from_backend_policy) {
            (false, true) => fill_gaps(&mut spec.traffic_policy, other.spec.traffic_policy.as_ref()),
            (true, false) => {
                let backend = spec.traffic_policy.take();
                spec.traffic_policy = other.spec.traffic_policy.clone();
                fill_gaps(&mut spec.traffic_policy, backend.as_ref());
            }
            _ if spec.traffic_policy.is_none() => spec.traffic_policy.clone_from(&other.spec.traffic_policy),
            _ => {}
        }
    }
}

/// Where in a list of subsets the first of each name is.
pub(super) fn positions(subsets: &[Subset]) -> BTreeMap<Str, usize> {
    // Of one name the first counts, which comes last here.
    subsets.iter().enumerate().rev().map(|(position, subset)| (subset.name.clone(), position)).collect()
}

/// The fields of the subsets that an object has.
pub(super) fn subset_causes(object: &ObjectRef, count: usize) -> Vec<Cause> {
    (0..count).map(|i| Cause::new(object.clone(), FieldPath::at("spec.subsets[]", [i]))).collect()
}

/// Which workloads a rule is for.
#[derive(Clone, Copy)]
struct Selector<'a>(Option<&'a Labels>);

impl Selector<'_> {
    /// Whether both select by the same labels; having no selector and selecting by no label is the same here.
    fn same_labels(self, other: Self) -> bool {
        let labels = |s: Self| s.0.into_iter().flatten().collect::<Vec<_>>();
        labels(self) == labels(other)
    }
}

/// Adds a rule to those of its host, merging where the release merges.
///
/// Source: `mergeDestinationRule` of Istio's control plane. That a rule is decided by the *last* of the
/// existing ones is an accident there, kept here.
///
/// `keeps_apart`: whether rules for different namespaces stay apart, where the release knows that.
pub(super) fn add(
    merged: &mut Vec<MergedRule>,
    rule: MergedRule,
    how: DestinationRuleMerge,
    keeps_apart: bool,
) {
    let separate = match how {
        DestinationRuleMerge::BySelector => add_by_selector(merged, &rule),
        DestinationRuleMerge::ByExportToAndSelector => add_by_export_to(merged, &rule, keeps_apart),
    };
    if separate {
        merged.push(rule);
    }
}

fn add_by_selector(merged: &mut [MergedRule], rule: &MergedRule) -> bool {
    let mut separate = true;
    for existing in merged {
        let (old, new) = (existing.selector(), rule.selector());
        let same = old.same_labels(new);
        if old.0.is_some() && new.0.is_some() && !same {
            continue;
        }
        if (old.0.is_none() && new.0.is_none()) || (new.0.is_some() && same) {
            separate = false;
        }
        existing.absorb(rule);
    }
    separate
}

fn add_by_export_to(merged: &mut [MergedRule], rule: &MergedRule, keeps_apart: bool) -> bool {
    let mut separate = true;
    for existing in merged {
        if keeps_apart {
            separate = rule.export_to != existing.export_to;
            let takes_in = !existing.export_to.is_empty() && rule.export_to.is_superset(&existing.export_to);
            if separate && !takes_in {
                continue;
            }
        }
        let (old, new) = (existing.selector(), rule.selector());
        let both_select = old.0.is_some() && new.0.is_some();
        let same = old.same_labels(new);
        if both_select && !same {
            separate = true;
            continue;
        }
        if both_select || (old.0.is_none() && new.0.is_none()) {
            separate = false;
        }
        existing.absorb(rule);
    }
    separate
}

/// Sets what a user's policy leaves unset to what the backend policies say.
fn fill_gaps(user: &mut Option<TrafficPolicy>, backend: Option<&TrafficPolicy>) {
    let Some(backend) = backend else { return };
    let Some(user) = user else {
        *user = Some(backend.clone());
        return;
    };
    fill(&mut user.connection_pool, &backend.connection_pool);
    fill(&mut user.outlier_detection, &backend.outlier_detection);
    fill(&mut user.load_balancer, &backend.load_balancer);
    fill(&mut user.tls, &backend.tls);
    fill(&mut user.tunnel, &backend.tunnel);
    fill(&mut user.proxy_protocol, &backend.proxy_protocol);
    fill(&mut user.retry_budget, &backend.retry_budget);
    for settings in &backend.port_level_settings {
        fill_port(&mut user.port_level_settings, settings);
    }
}

fn fill_port(user: &mut Vec<PortTrafficPolicy>, backend: &PortTrafficPolicy) {
    let number = |s: &PortTrafficPolicy| s.port.as_ref().map_or(0, |p| p.number);
    // The last of a user's settings for a port is the one that is filled: Istio looks them up in a map.
    let Some(own) = user.iter_mut().rev().find(|s| number(s) == number(backend)) else {
        user.push(backend.clone());
        return;
    };
    fill(&mut own.connection_pool, &backend.connection_pool);
    fill(&mut own.outlier_detection, &backend.outlier_detection);
    fill(&mut own.load_balancer, &backend.load_balancer);
    fill(&mut own.tls, &backend.tls);
}

fn fill<T: Clone>(own: &mut Option<T>, other: &Option<T>) {
    if own.is_none() {
        own.clone_from(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::Kind;
    use crate::snapshot::networking::destination_rule::{LoadBalancerSettings, RetryBudget, SimpleLb};
    use crate::snapshot::selector::WorkloadSelector;

    fn rule(name: &str, subsets: &[&str]) -> MergedRule {
        let subsets: Vec<_> =
            subsets.iter().map(|s| Subset { name: (*s).into(), ..Subset::default() }).collect();
        MergedRule {
            namespace: "ns".into(),
            name: name.into(),
            subset_causes: subset_causes(&ObjectRef::new(Kind::DestinationRule, "ns", name), subsets.len()),
            positions: positions(&subsets),
            from: vec![ObjectRef::new(Kind::DestinationRule, "ns", name).into()],
            host: "web".into(),
            spec: RuleSpec::Made(Arc::new(DestinationRule { subsets, ..DestinationRule::default() })),
            export_to: BTreeSet::new(),
            from_backend_policy: false,
        }
    }

    fn with_selector(mut rule: MergedRule, app: &str) -> MergedRule {
        let match_labels = [("app".into(), app.into())].into();
        rule.spec.make_mut().workload_selector = Some(WorkloadSelector { match_labels });
        rule.export_to = [".".into()].into();
        rule
    }

    fn with_lb(mut rule: MergedRule, simple: SimpleLb) -> MergedRule {
        let load_balancer =
            Some(LoadBalancerSettings { simple: Some(simple), ..LoadBalancerSettings::default() });
        rule.spec.make_mut().traffic_policy =
            Some(TrafficPolicy { load_balancer, ..TrafficPolicy::default() });
        rule
    }

    fn exported(mut rule: MergedRule, to: &[&str]) -> MergedRule {
        rule.export_to = to.iter().map(|n| Str::from(*n)).collect();
        rule
    }

    fn merge(rules: Vec<MergedRule>, how: DestinationRuleMerge) -> Vec<MergedRule> {
        let mut merged = Vec::new();
        for rule in rules {
            add(&mut merged, rule, how, true);
        }
        merged
    }

    fn names(rule: &MergedRule) -> Vec<&str> {
        rule.spec.subsets.iter().map(|s| s.name.as_str()).collect()
    }

    #[test]
    fn subsets_are_joined_and_the_first_policy_wins() {
        for how in [DestinationRuleMerge::BySelector, DestinationRuleMerge::ByExportToAndSelector] {
            let merged = merge(
                vec![
                    rule("a", &["v1"]),
                    with_lb(rule("b", &["v1", "v2"]), SimpleLb::Random),
                    with_lb(rule("c", &[]), SimpleLb::RoundRobin),
                ],
                how,
            );
            let [one] = merged.as_slice() else { panic!("{merged:?}") };
            assert_eq!(names(one), ["v1", "v2"]);
            assert_eq!((one.name.as_str(), one.from.len()), ("a", 3));
            let lb = one.spec.traffic_policy.as_ref().and_then(|p| p.load_balancer.as_ref());
            assert_eq!(lb.and_then(|lb| lb.simple), Some(SimpleLb::Random));
        }
    }

    #[test]
    fn other_selectors_stay_apart() {
        for how in [DestinationRuleMerge::BySelector, DestinationRuleMerge::ByExportToAndSelector] {
            let merged = merge(
                vec![with_selector(rule("a", &["v1"]), "x"), with_selector(rule("b", &["v2"]), "y")],
                how,
            );
            assert_eq!(merged.iter().map(names).collect::<Vec<_>>(), [["v1"], ["v2"]]);
        }
    }

    #[test]
    fn a_rule_for_all_also_adds_to_those_with_a_selector() {
        let merged = merge(
            vec![with_selector(rule("a", &["v1"]), "x"), rule("b", &["v2"])],
            DestinationRuleMerge::BySelector,
        );
        assert_eq!(merged.iter().map(names).collect::<Vec<_>>(), [vec!["v1", "v2"], vec!["v2"]]);
    }

    #[test]
    fn other_export_to_stays_apart_since_it_is_looked_at() {
        let rules = || vec![exported(rule("a", &["v1"]), &["x"]), exported(rule("b", &["v2"]), &["y"])];
        assert_eq!(merge(rules(), DestinationRuleMerge::BySelector).len(), 1);
        assert_eq!(merge(rules(), DestinationRuleMerge::ByExportToAndSelector).len(), 2);
    }

    #[test]
    fn a_users_rule_wins_over_backend_policies_in_either_order() {
        let backend = || {
            let mut backend = with_lb(rule("policy", &[]), SimpleLb::Random);
            backend.from_backend_policy = true;
            let spec = backend.spec.make_mut();
            spec.traffic_policy.as_mut().unwrap().retry_budget = Some(RetryBudget::default());
            backend
        };
        let user = || with_lb(rule("user", &[]), SimpleLb::RoundRobin);
        for rules in [vec![backend(), user()], vec![user(), backend()]] {
            let merged = merge(rules, DestinationRuleMerge::ByExportToAndSelector);
            let policy = merged.first().and_then(|r| r.spec.traffic_policy.clone()).unwrap();
            assert_eq!(policy.load_balancer.unwrap().simple, Some(SimpleLb::RoundRobin));
            assert_eq!(policy.retry_budget, Some(RetryBudget::default()));
        }
    }
}
