//! The patches of a waypoint, by what they apply to.

use envoy::config::cluster::v3::Cluster;
use envoy::config::core::v3::TypedExtensionConfig;
use envoy::config::listener::v3::{Filter, FilterChain, Listener, ListenerFilter};
use envoy::config::route::v3::{Route, RouteConfiguration, VirtualHost};
use envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy::json::JsonRules;

use crate::plan::envoy_filters::EnvoyPatch;
use crate::rules::{EnvoyFilterRules, Rules};
use crate::snapshot::Cause;
use crate::snapshot::networking::envoy_filter::{
    ApplyTo, EnvoyConfigObjectMatch, EnvoyConfigObjectPatch, FilterChainMatch, FilterMatch, ListenerMatch,
    PatchContext, PatchOperation, RouteConfigurationMatch,
};

/// What a patch of something other than these lists means where it asks for a place in a list.
const LISTS: [ApplyTo; 4] =
    [ApplyTo::HttpFilter, ApplyTo::NetworkFilter, ApplyTo::HttpRoute, ApplyTo::ListenerFilter];

/// A patch for one type of message.
#[derive(Clone, Debug)]
pub(super) struct Patch<M> {
    pub(super) operation: PatchOperation,
    pub(super) matches: EnvoyConfigObjectMatch,
    /// What to add, merge or put; a patch that removes needs none.
    pub(super) value: M,
    /// The patch in its EnvoyFilter.
    pub(super) cause: Cause,
}

impl<M> Patch<M> {
    /// Whether it is for what is generated in this context.
    pub(super) fn is_for(&self, context: PatchContext) -> bool {
        matches!(self.matches.context, PatchContext::Any) || self.matches.context == context
    }

    /// Whether its operation is to merge its value into what is there.
    pub(super) fn merges(&self) -> bool {
        matches!(self.operation, PatchOperation::Merge | PatchOperation::MergeAndReplaceList)
    }

    pub(super) fn listener_match(&self) -> Option<&ListenerMatch> {
        self.matches.listener.as_ref()
    }

    pub(super) fn chain_match(&self) -> Option<&FilterChainMatch> {
        self.listener_match()?.filter_chain.as_ref()
    }

    pub(super) fn filter_match(&self) -> Option<&FilterMatch> {
        self.chain_match()?.filter.as_ref()
    }

    pub(super) fn route_match(&self) -> Option<&RouteConfigurationMatch> {
        self.matches.route_configuration.as_ref()
    }
}

/// Everything that EnvoyFilters patch for a waypoint, by what they apply to.
#[derive(Clone, Debug)]
pub(crate) struct Patches {
    pub(super) rules: &'static EnvoyFilterRules,
    pub(super) listeners: Vec<Patch<Listener>>,
    pub(super) listener_filters: Vec<Patch<ListenerFilter>>,
    pub(super) filter_chains: Vec<Patch<FilterChain>>,
    pub(super) network_filters: Vec<Patch<Filter>>,
    pub(super) http_filters: Vec<Patch<HttpFilter>>,
    pub(super) route_configurations: Vec<Patch<RouteConfiguration>>,
    pub(super) virtual_hosts: Vec<Patch<VirtualHost>>,
    pub(super) routes: Vec<Patch<Route>>,
    pub(super) clusters: Vec<Patch<Cluster>>,
    pub(super) extensions: Vec<Patch<TypedExtensionConfig>>,
}

impl Patches {
    /// Reads a waypoint's patches. A value that isn't a message of its type is left out: admission refuses
    /// those.
    pub(crate) fn new(planned: &[EnvoyPatch<'_>], rules: &'static Rules) -> Self {
        let mut patches = Self::none(rules);
        planned.iter().for_each(|EnvoyPatch { patch, cause }| patches.add(patch, cause));
        patches
    }

    /// No patches.
    pub(super) fn none(rules: &'static Rules) -> Self {
        Self {
            rules: &rules.envoy_filters,
            listeners: Vec::new(),
            listener_filters: Vec::new(),
            filter_chains: Vec::new(),
            network_filters: Vec::new(),
            http_filters: Vec::new(),
            route_configurations: Vec::new(),
            virtual_hosts: Vec::new(),
            routes: Vec::new(),
            clusters: Vec::new(),
            extensions: Vec::new(),
        }
    }

    /// Whether anything in listeners is patched.
    pub(super) fn patch_listeners(&self) -> bool {
        !(self.listeners.is_empty()
            && self.listener_filters.is_empty()
            && self.filter_chains.is_empty()
            && self.network_filters.is_empty()
            && self.http_filters.is_empty())
    }

    pub(super) fn add(&mut self, patch: &EnvoyConfigObjectPatch, cause: &Cause) {
        match patch.apply_to {
            ApplyTo::Listener => self.listeners.extend(typed(patch, cause)),
            ApplyTo::ListenerFilter => self.listener_filters.extend(typed(patch, cause)),
            ApplyTo::FilterChain => self.filter_chains.extend(typed(patch, cause)),
            ApplyTo::NetworkFilter => self.network_filters.extend(typed(patch, cause)),
            ApplyTo::HttpFilter => self.http_filters.extend(typed(patch, cause)),
            ApplyTo::RouteConfiguration => self.route_configurations.extend(typed(patch, cause)),
            ApplyTo::VirtualHost => self.virtual_hosts.extend(typed(patch, cause)),
            ApplyTo::HttpRoute => self.routes.extend(typed(patch, cause)),
            ApplyTo::Cluster => self.clusters.extend(typed(patch, cause)),
            ApplyTo::ExtensionConfig => self.extensions.extend(typed(patch, cause)),
            // Only 1.18 patches bootstraps, of agents whose environment asks for that; a waypoint's can't be
            // set there.
            ApplyTo::Bootstrap | ApplyTo::Invalid => {}
        }
    }
}

fn typed<M: envoy::Message + envoy::Name + Default>(
    patch: &EnvoyConfigObjectPatch,
    cause: &Cause,
) -> Option<Patch<M>> {
    let change = patch.patch.as_ref()?;
    let operation = match change.operation {
        PatchOperation::InsertBefore | PatchOperation::InsertAfter | PatchOperation::InsertFirst
            if !LISTS.contains(&patch.apply_to) =>
        {
            PatchOperation::Add
        }
        other => other,
    };
    // A field that this build of Envoy's API lacks may exist in the proxy's: Istio lets it pass, too.
    let value = match &change.value {
        Some(value) => {
            let json = serde_json::Value::Object(value.clone());
            envoy::json::parse_with(&json, JsonRules::Jsonpb).ok()?
        }
        None => M::default(),
    };
    Some(Patch { operation, matches: patch.matches.clone().unwrap_or_default(), value, cause: cause.clone() })
}
