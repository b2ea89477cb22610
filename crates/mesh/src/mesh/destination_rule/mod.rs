//! DestinationRules by host, merged as Istio merges them.
//!
//! | module | knows |
//! |---|---|
//! | `backend_policy` | rules made of Gateway API backend policies |
//! | `inherit` | what rules inherit from those of their namespace and mesh, where a flag has 1.18 do so |
//! | `merge` | how several rules for one host become one |
//! | [`policy`] | which parts of a traffic policy hold for a port and a subset |
//!
//! A client finds the rule of a Service in its own namespace, else in the Service's, else in the root
//! namespace; in each the most specific host wins, whether or not the others say more.

mod backend_policy;
mod inherit;
mod merge;
pub mod policy;

use inherit::Inherited;
pub use merge::{MergedRule, RuleSpec};
pub use policy::PortPolicy;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::Str;
use crate::features::Features;
use crate::hash::HashMap;
use crate::mesh::MeshSettings;
use crate::mesh::{Service, Services, age, hostname};
use crate::rules::{DestinationRuleMerge, Rules};
use crate::snapshot::networking::DestinationRule;
use crate::snapshot::{Cause, FieldPath, Labels, Object, Snapshot};

/// `exportTo`: every namespace.
const PUBLIC: &str = "*";
/// `exportTo`: the object's own namespace.
const PRIVATE: &str = ".";

/// DestinationRules by host, merged as Istio merges them.
#[derive(Clone, Debug)]
pub struct DestinationRules {
    merge: DestinationRuleMerge,
    /// Whether rules stay apart that are for different namespaces; otherwise the first says whom they are
    /// for.
    keeps_apart: bool,
    root_namespace: Str,
    /// What a namespace's own proxies see.
    local: HashMap<Str, ByHost>,
    /// What other namespaces' proxies may see.
    exported: HashMap<Str, ByHost>,
    /// What only proxies of the root namespace see.
    root_private: ByHost,
    /// What clients of a namespace inherit; of others what those of the root namespace do.
    inherited: HashMap<Str, Inherited>,
}

impl Default for DestinationRules {
    fn default() -> Self {
        Self {
            merge: DestinationRuleMerge::ByExportToAndSelector,
            keeps_apart: true,
            root_namespace: MeshSettings::default().root_namespace,
            local: HashMap::default(),
            exported: HashMap::default(),
            root_private: ByHost::default(),
            inherited: HashMap::default(),
        }
    }
}

/// A proxy that asks for the rule of a destination.
#[derive(Clone, Copy, Debug)]
pub struct Client<'a> {
    /// Its namespace.
    pub namespace: &'a str,
    /// Its labels, if rules with a workload selector count. They do where it is a client; where it answers
    /// for the destination (a waypoint's own clusters) they do not.
    pub labels: Option<&'a Labels>,
}

/// The rules that govern a Service for a client.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientRules<'a> {
    /// The one for all workloads.
    pub(crate) for_all: Option<&'a MergedRule>,
    /// The first one that selects the client.
    selecting: Option<&'a MergedRule>,
}

impl<'a> ClientRules<'a> {
    /// The one that counts for the client: one that selects it wins.
    pub(crate) fn for_client(self) -> Option<&'a MergedRule> {
        self.selecting.or(self.for_all)
    }
}

impl DestinationRules {
    /// Builds the index.
    #[must_use]
    pub fn new(
        snapshot: &Snapshot,
        (rules, features): (&'static Rules, &Features),
        config: &MeshSettings,
        _services: &Services,
    ) -> Self {
        let mut index = Self {
            merge: rules.clusters.destination_rule_merge,
            keeps_apart: features.enable_enhanced_destinationrule_merge,
            root_namespace: config.root_namespace.clone(),
            ..Self::default()
        };
        let default_private =
            config.default_destination_rule_export_to.iter().any(|namespace| namespace == PRIVATE);
        let mut objects = snapshot.destination_rules.clone();
        age::oldest_first(&mut objects, rules);
        if index.merge == DestinationRuleMerge::ByExportToAndSelector {
            objects.sort_by_key(|object| object.spec.workload_selector.is_none());
        }
        let made_up = backend_policy::rules(snapshot, rules);
        // Those have no creation time, and so come before all without a workload selector.
        let (selecting, others): (Vec<_>, Vec<_>) = (objects.iter().map(merged_rule))
            .partition(|rule| rule.spec.workload_selector.is_some() && !made_up.is_empty());
        let mut parents: BTreeMap<Str, MergedRule> = BTreeMap::new();
        let mut hosts: BTreeSet<(Str, Str)> = BTreeSet::new();
        for rule in selecting.into_iter().chain(made_up).chain(others) {
            if rule.host.is_empty() {
                // Without the flag such a rule is for a host that nobody has.
                if features.pilot_enable_destination_rule_inheritance {
                    parents.entry(rule.namespace.clone()).or_insert(rule);
                }
            } else {
                if features.pilot_enable_destination_rule_inheritance {
                    hosts.insert((rule.namespace.clone(), rule.host.clone()));
                }
                index.insert(rule, default_private);
            }
        }
        index.inherit(parents, &hosts);
        index
    }

    /// The rule that governs a Service for a client.
    #[must_use]
    pub fn get(&self, client: Client<'_>, service: &Service) -> Option<&MergedRule> {
        self.find(client, &service.hostname, &service.namespace)
    }

    /// The rules that govern a Service for a client, with a look at its labels and without: one look-up for
    /// both.
    pub fn of_client(&self, client: Client<'_>, service: &Service) -> ClientRules<'_> {
        self.find_both(client, &service.hostname, &service.namespace)
    }

    fn find(&self, client: Client<'_>, hostname: &str, namespace: &str) -> Option<&MergedRule> {
        self.find_both(client, hostname, namespace).for_client()
    }

    fn find_both(&self, client: Client<'_>, hostname: &str, namespace: &str) -> ClientRules<'_> {
        let mut found = ClientRules::default();
        for rule in self.candidates(client.namespace, hostname, namespace) {
            match (&rule.spec.workload_selector, client.labels) {
                (None, _) => found.for_all = Some(rule),
                (Some(selector), Some(labels))
                    if found.selecting.is_none()
                        && rule.namespace == client.namespace
                        && selector.match_labels.iter().all(|(k, v)| labels.get(k) == Some(v)) =>
                {
                    found.selecting = Some(rule);
                }
                _ => {}
            }
        }
        found
    }

    fn candidates(&self, client: &str, hostname: &str, namespace: &str) -> Vec<&MergedRule> {
        // A rule in the root namespace is meant for everyone. So that it does not hide more specific ones
        // from the proxies there, they only see its private rules first.
        let own =
            if client == self.root_namespace { Some(&self.root_private) } else { self.local.get(client) };
        if let Some(found) = own.and_then(|rules| rules.get(hostname)) {
            return found.rules.iter().collect();
        }
        let inherited = self.inherited.get(client).or_else(|| self.inherited.get(&self.root_namespace));
        let exported = inherited.map_or(&self.exported, |inherited| &inherited.exported);
        [namespace, self.root_namespace.as_str()]
            .into_iter()
            .filter_map(|owner| exported.get(owner)?.get(hostname))
            .map(|found| found.visible_to(client, self.merge))
            .find(|found| !found.is_empty())
            .unwrap_or_else(|| inherited.map(|inherited| &inherited.rule).into_iter().collect())
    }

    /// Merges rules with what they inherit: those of a namespace from its own rule for all hosts and the
    /// mesh's, and what is exported to a client from the client's. `hosts` are those of all rules, with their
    /// namespaces.
    fn inherit(&mut self, mut parents: BTreeMap<Str, MergedRule>, hosts: &BTreeSet<(Str, Str)>) {
        let of_mesh = parents.remove(&self.root_namespace);
        for parent in parents.values_mut() {
            if let Some(of_mesh) = &of_mesh {
                *parent = parent.clone().inheriting(of_mesh);
            }
        }
        for (namespace, host) in hosts {
            if let Some(parent) = parents.get(namespace).or(of_mesh.as_ref())
                && let Some(rules) = self.local.get_mut(namespace)
            {
                rules.inherit(host, parent);
            }
        }
        let of_mesh = of_mesh.map(|rule| (self.root_namespace.clone(), rule));
        let all = parents.into_iter().chain(of_mesh);
        self.inherited =
            all.map(|(name, rule)| (name, Inherited::new(rule, &self.exported, hosts))).collect();
    }

    fn insert(&mut self, rule: MergedRule, default_private: bool) {
        let namespace = rule.namespace.clone();
        let to = |name: &str| rule.export_to.contains(name);
        let visible_at_home = rule.export_to.is_empty() || to(PUBLIC) || to(PRIVATE) || to(&namespace);
        let only_at_home = match rule.export_to.len() {
            0 => default_private,
            1 => to(PRIVATE) || to(&namespace),
            _ => false,
        };
        let merge = (self.merge, self.keeps_apart);
        if !only_at_home {
            self.exported.entry(namespace.clone()).or_default().insert(rule.clone(), merge);
        } else if namespace == self.root_namespace {
            self.root_private.insert(rule.clone(), merge);
        }
        if visible_at_home {
            self.local.entry(namespace).or_default().insert(rule, merge);
        }
    }
}

fn merged_rule(object: &Arc<Object<DestinationRule>>) -> MergedRule {
    let spec = &object.spec;
    // A rule for some workloads is for those of its own namespace.
    let export_to: BTreeSet<Str> = if spec.workload_selector.is_some() {
        [PRIVATE.into()].into()
    } else {
        spec.export_to.iter().cloned().collect()
    };
    let policy = spec.traffic_policy.as_ref().map(|_| FieldPath::field("spec.trafficPolicy"));
    let policy = policy.unwrap_or_default();
    MergedRule {
        namespace: object.meta.namespace.clone(),
        name: object.meta.name.clone(),
        subset_causes: merge::subset_causes(&object.object_ref(), spec.subsets.len()),
        positions: merge::positions(&spec.subsets),
        from: vec![Cause::new(object.object_ref(), policy)],
        host: hostname::resolve(&spec.host, &object.meta.namespace),
        spec: RuleSpec::Read(Arc::clone(object)),
        export_to,
        from_backend_policy: false,
    }
}

/// The rules of one namespace by their host.
#[derive(Clone, Debug, Default)]
struct ByHost {
    exact: HashMap<Str, OfHost>,
    /// By what follows the `*`.
    by_suffix: BTreeMap<Str, OfHost>,
}

/// The rules of one host.
#[derive(Clone, Debug, Default)]
struct OfHost {
    rules: Vec<MergedRule>,
    /// The first `exportTo` that was not empty: the host's, where rules have none of their own.
    export_to: BTreeSet<Str>,
}

impl ByHost {
    fn insert(&mut self, rule: MergedRule, (merge, keeps_apart): (DestinationRuleMerge, bool)) {
        let of_host = match rule.host.strip_prefix('*') {
            Some(suffix) => self.by_suffix.entry(suffix.into()).or_default(),
            None => self.exact.entry(rule.host.clone()).or_default(),
        };
        if of_host.export_to.is_empty() {
            of_host.export_to.clone_from(&rule.export_to);
        }
        merge::add(&mut of_host.rules, rule, merge, keeps_apart);
    }

    /// Merges the rules of a host with what they inherit.
    fn inherit(&mut self, host: &str, parent: &MergedRule) {
        let of_host = match host.strip_prefix('*') {
            Some(suffix) => self.by_suffix.get_mut(suffix),
            None => self.exact.get_mut(host),
        };
        let rules = of_host.into_iter().flat_map(|of_host| &mut of_host.rules);
        rules.for_each(|rule| *rule = rule.clone().inheriting(parent));
    }

    /// The rules of the most specific host that covers `hostname`: the longest.
    fn get(&self, hostname: &str) -> Option<&OfHost> {
        if let Some(found) = self.exact.get(hostname) {
            return Some(found);
        }
        if self.by_suffix.is_empty() {
            return None;
        }
        let name = hostname.strip_prefix('*').unwrap_or(hostname);
        let starts = name.char_indices().map(|(i, _)| i).chain([name.len()]);
        starts.filter_map(|i| name.get(i..)).find_map(|suffix| self.by_suffix.get(suffix))
    }
}

impl OfHost {
    fn visible_to(&self, client: &str, merge: DestinationRuleMerge) -> Vec<&MergedRule> {
        let visible = |to: &BTreeSet<Str>| to.is_empty() || to.contains(PUBLIC) || to.contains(client);
        match merge {
            DestinationRuleMerge::BySelector if visible(&self.export_to) => self.rules.iter().collect(),
            DestinationRuleMerge::BySelector => Vec::new(),
            DestinationRuleMerge::ByExportToAndSelector => {
                self.rules.iter().filter(|rule| visible(&rule.export_to)).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;
    use crate::snapshot::selector::WorkloadSelector;
    use crate::snapshot::{Meta, Source, Timestamp};

    fn object(namespace: &str, name: &str, spec: DestinationRule) -> Arc<Object<DestinationRule>> {
        let meta = Meta { name: name.into(), namespace: namespace.into(), ..Meta::default() };
        Arc::new(Object { meta, spec, source: Source::default() })
    }

    fn host(host: &str) -> DestinationRule {
        DestinationRule { host: host.into(), ..DestinationRule::default() }
    }

    fn exported(name: &str, to: &[&str]) -> DestinationRule {
        DestinationRule { export_to: to.iter().map(|n| Str::from(*n)).collect(), ..host(name) }
    }

    fn index(release: Release, objects: Vec<Arc<Object<DestinationRule>>>) -> DestinationRules {
        let snapshot = Snapshot { destination_rules: objects, ..Snapshot::default() };
        let how = (Rules::of(release), &Features::default());
        DestinationRules::new(&snapshot, how, &MeshSettings::default(), &Services::default())
    }

    fn found<'a>(index: &'a DestinationRules, client: &str) -> Option<&'a str> {
        let client = Client { namespace: client, labels: None };
        index.find(client, "web.shop.svc.cluster.local", "shop").map(|rule| rule.name.as_str())
    }

    #[test]
    fn clients_look_at_home_then_at_the_services_then_in_the_root() {
        for &release in Release::ALL {
            let all = index(
                release,
                vec![
                    object("client", "own", host("web.shop.svc.cluster.local")),
                    object("shop", "services", host("web")),
                    object("istio-system", "root", host("*")),
                ],
            );
            assert_eq!(found(&all, "client"), Some("own"));
            assert_eq!(found(&all, "other"), Some("services"));
            assert_eq!(found(&all, "istio-system"), Some("services"));
            let root = index(release, vec![object("istio-system", "root", host("*.svc.cluster.local"))]);
            assert_eq!(found(&root, "client"), Some("root"));
        }
    }

    #[test]
    fn the_longest_host_wins_and_hides_the_others() {
        let rules = index(
            Release::V1_31,
            vec![
                object("shop", "all", host("*")),
                object("shop", "cluster", host("*.cluster.local")),
                object("shop", "suffix", host("*hop.svc.cluster.local")),
            ],
        );
        assert_eq!(found(&rules, "other"), Some("suffix"));
        let hidden = index(
            Release::V1_31,
            vec![
                object("shop", "private", exported("web", &["."])),
                object("shop", "elsewhere", exported("web", &["nowhere"])),
                object("shop", "all", host("*")),
            ],
        );
        assert_eq!(found(&hidden, "shop"), Some("private"));
        assert_eq!(found(&hidden, "other"), None);
    }

    #[test]
    fn export_to_of_one_rule_covers_its_host_before_it_is_each_rules_own() {
        let objects = || {
            vec![
                object("shop", "a", exported("web", &["friend"])),
                object("shop", "b", exported("web", &["*"])),
            ]
        };
        assert_eq!(found(&index(Release::V1_18, objects()), "other"), None);
        assert_eq!(found(&index(Release::V1_31, objects()), "other"), Some("b"));
        assert_eq!(found(&index(Release::V1_31, objects()), "friend"), Some("b"));
    }

    #[test]
    fn rules_with_a_selector_are_for_matching_clients_at_home() {
        let selector = WorkloadSelector { match_labels: [("app".into(), "client".into())].into() };
        let rules = index(
            Release::V1_31,
            vec![
                object("shop", "all", host("web")),
                object("shop", "some", DestinationRule { workload_selector: Some(selector), ..host("web") }),
            ],
        );
        let labels = Labels::from([(Str::from("app"), Str::from("client"))]);
        let find = |namespace, labels| {
            rules
                .find(Client { namespace, labels }, "web.shop.svc.cluster.local", "shop")
                .map(|rule| rule.name.as_str())
        };
        assert_eq!(find("shop", Some(&labels)), Some("some"));
        assert_eq!(find("shop", None), Some("all"));
        assert_eq!(find("other", Some(&labels)), Some("all"));
    }

    #[test]
    fn older_rules_win() {
        let at = |name: &str, seconds| {
            let mut object = object("shop", name, host("web"));
            Arc::make_mut(&mut object).meta.creation_timestamp = Some(Timestamp(seconds));
            object
        };
        let rules = index(Release::V1_18, vec![at("a", 2), at("b", 1)]);
        assert_eq!(found(&rules, "shop"), Some("b"));
    }
}
