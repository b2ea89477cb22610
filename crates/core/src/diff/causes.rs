//! What made the parts of a resource, by the pointers to them.

use std::collections::BTreeMap;

use envoy::config::cluster::v3::Cluster;
use envoy::config::core::v3::TypedExtensionConfig;
use envoy::config::endpoint::v3::ClusterLoadAssignment;
use envoy::config::listener::v3::{FilterChain, Listener};
use envoy::config::route::v3::RouteConfiguration;

use crate::hash::HashMap;
use crate::opened::{self, NetworkFilter, OpenedListener, OpenedRoutes, Origins};
use crate::resources::{Origin, Part};
use crate::snapshot::Cause;

/// The causes of a resource and of its parts.
pub(super) struct Causes<'r> {
    by_pointer: BTreeMap<String, &'r [Cause]>,
}

impl<'r> Causes<'r> {
    fn new(origins: &Origins<'r>, parts: impl IntoIterator<Item = (String, Option<&'r Origin>)>) -> Self {
        let whole = (String::new(), origins.of(&Part::Resource));
        let known = std::iter::once(whole).chain(parts);
        let by_pointer = known.filter_map(|(pointer, origin)| Some((pointer, origin?.causes.as_slice())));
        Self { by_pointer: by_pointer.collect() }
    }

    /// The decisive cause of what is at a pointer: its own, that of the first part inside, or that of the
    /// smallest part around it.
    pub(super) fn at(&self, pointer: &str) -> Option<&'r Cause> {
        let inside = format!("{pointer}/");
        let own = self.of(pointer);
        let mut parts =
            self.by_pointer.range(inside.clone()..).take_while(|(other, _)| other.starts_with(&inside));
        own.or_else(|| parts.find_map(|(_, causes)| causes.first())).or_else(|| self.around(pointer))
    }

    fn of(&self, pointer: &str) -> Option<&'r Cause> {
        self.by_pointer.get(pointer).and_then(|causes| causes.first())
    }

    fn around(&self, pointer: &str) -> Option<&'r Cause> {
        let (around, _) = pointer.rsplit_once('/')?;
        self.of(around).or_else(|| self.around(around))
    }
}

/// A message whose parts have causes.
pub(super) trait HasCauses: Sized {
    /// The causes of its parts, of which a resource has these origins.
    fn causes<'r>(&'r self, origins: &'r [Origin]) -> Causes<'r>;

    /// Both sides of a message without what is inside of large parts that are the same on both; nothing where
    /// there are no such parts. Whatever is left stands where it was.
    fn without_common(_old: &Self, _new: &Self) -> Option<(Self, Self)> {
        None
    }
}

impl HasCauses for Listener {
    fn causes<'r>(&'r self, origins: &'r [Origin]) -> Causes<'r> {
        let listener = OpenedListener::new(self, origins);
        let mut parts = Vec::new();
        for chain in &listener.chains {
            parts.push((chain.pointer.clone(), chain.origin));
            for filter in &chain.filters {
                let NetworkFilter::Http(manager) = &filter.config else { continue };
                let policies = manager.filters().flat_map(|filter| filter.policies());
                parts.extend(policies.map(|policy| (policy.pointer, policy.origin)));
                let routes = manager.routes().map(|routes| routes.routes()).unwrap_or_default();
                parts.extend(routes.into_iter().map(|route| (route.pointer, route.origin)));
            }
        }
        Causes::new(&Origins::new(origins), parts)
    }

    /// Chains are found by their names, if all have one of their own. What matches them is as large as all of
    /// them.
    fn without_common(old: &Self, new: &Self) -> Option<(Self, Self)> {
        let (old_chains, new_chains) = (by_name(old)?, by_name(new)?);
        let has_same_matcher = old.filter_chain_matcher == new.filter_chain_matcher;
        let bare = |listener: &Self, other: &HashMap<&str, &FilterChain>| {
            let mut bare = listener.clone();
            bare.filter_chain_matcher.take_if(|_| has_same_matcher);
            for chain in &mut bare.filter_chains {
                if other.get(chain.name.as_str()).is_some_and(|other| **other == *chain) {
                    *chain = FilterChain { name: std::mem::take(&mut chain.name), ..FilterChain::default() };
                }
            }
            bare
        };
        Some((bare(old, &new_chains), bare(new, &old_chains)))
    }
}

/// The chains by their names; nothing unless each has one of its own.
fn by_name(listener: &Listener) -> Option<HashMap<&str, &FilterChain>> {
    let chains = &listener.filter_chains;
    let named: HashMap<&str, &FilterChain> =
        chains.iter().map(|chain| (chain.name.as_str(), chain)).collect();
    (named.len() == chains.len() && !named.contains_key("")).then_some(named)
}

impl HasCauses for RouteConfiguration {
    fn causes<'r>(&'r self, origins: &'r [Origin]) -> Causes<'r> {
        let routes = OpenedRoutes::delivered(self, origins).routes();
        Causes::new(&Origins::new(origins), routes.into_iter().map(|route| (route.pointer, route.origin)))
    }
}

impl HasCauses for Cluster {
    fn causes<'r>(&'r self, origins: &'r [Origin]) -> Causes<'r> {
        let origins = Origins::new(origins);
        let sockets = origins.of(&Part::TransportSocket);
        let pointers = ["/transportSocket", "/transportSocketMatches"];
        Causes::new(&origins, pointers.map(|pointer| (pointer.to_owned(), sockets)))
    }
}

impl HasCauses for ClusterLoadAssignment {
    fn causes<'r>(&'r self, origins: &'r [Origin]) -> Causes<'r> {
        let origins = Origins::new(origins);
        let parts = opened::endpoints(self).map(|endpoint| {
            let origin = endpoint.name().and_then(|name| origins.of(&Part::Endpoint(name)));
            (endpoint.pointer, origin)
        });
        Causes::new(&origins, parts)
    }
}

impl HasCauses for TypedExtensionConfig {
    fn causes<'r>(&'r self, origins: &'r [Origin]) -> Causes<'r> {
        Causes::new(&Origins::new(origins), [])
    }
}

#[cfg(test)]
mod tests {
    use envoy::config::listener::v3::FilterChainMatch;

    use super::*;
    use crate::diff::fields::compare;
    use crate::json;

    fn listener(chains: &[(&str, &str)]) -> Listener {
        let chain = |(name, protocol): &(&str, &str)| {
            let transport_protocol = (*protocol).to_owned();
            let only = FilterChainMatch { transport_protocol, ..FilterChainMatch::default() };
            let name = (*name).to_owned();
            FilterChain { name, filter_chain_match: Some(only.into()), ..FilterChain::default() }
        };
        Listener {
            name: "main".to_owned(),
            filter_chains: chains.iter().map(chain).collect(),
            ..Listener::default()
        }
    }

    #[test]
    fn the_same_fields_differ_without_what_is_common() {
        let old = listener(&[("a", "tls"), ("b", "tls"), ("gone", "tls"), ("c", "raw_buffer")]);
        let new = listener(&[("b", "tls"), ("a", "tls"), ("c", "tls"), ("new", "tls")]);
        let (bare_old, bare_new) = Listener::without_common(&old, &new).unwrap();
        assert_eq!(bare_old.filter_chains[0].filter_chain_match, None);
        assert_eq!(bare_old.filter_chains[3], old.filter_chains[3]);
        let fields = |old, new| compare(&json::value(old), &json::value(new));
        assert_eq!(fields(&bare_old, &bare_new), fields(&old, &new));
    }

    #[test]
    fn chains_without_names_of_their_own_stay() {
        let (twice, once) = (listener(&[("a", "tls"), ("a", "tls")]), listener(&[("a", "tls")]));
        assert!(Listener::without_common(&twice, &once).is_none());
        assert!(Listener::without_common(&once, &listener(&[("", "tls")])).is_none());
    }
}
