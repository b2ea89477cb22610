//! The filters of the policies that bind to a chain, made once for each set of policies.

use envoy::Encoded;
use envoy::config::listener::v3::Filter;
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpConnectionManager, HttpFilter};

use super::authn;
use super::authz::{NamedPolicies, Renderer, ask_causes};
use super::filters::http::part;
use crate::Str;
use crate::plan::WaypointSettings;
use crate::plan::policies::{Policies, PolicySet, PolicySetId};
use crate::snapshot::Cause;

/// The filters of one set of policies, ready to be put into chains: parts of connection managers, or network
/// filters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SecurityFilters<F> {
    /// CUSTOM: before the extensions of phase AUTHN.
    pub(crate) custom: F,
    /// Tokens: between the extensions of phases AUTHN and AUTHZ. There are none in TCP.
    pub(crate) authn: F,
    /// AUDIT, DENY, ALLOW: after the extensions of phase AUTHZ.
    pub(crate) rbac: F,
    /// The names of the policies in the filters, each with the rule that it was made of.
    pub(crate) policies: NamedPolicies,
    /// The names of the other filters, each with what it was made of.
    pub(crate) filters: NamedFilters,
}

/// The names of filters, each with what it was made of.
pub(crate) type NamedFilters = Vec<(Str, Vec<Cause>)>;

/// The filters of all sets of policies of a waypoint.
#[derive(Clone, Debug)]
pub(crate) struct Security {
    http: Vec<SecurityFilters<Encoded<HttpConnectionManager>>>,
    tcp: Vec<SecurityFilters<Vec<Filter>>>,
    /// Those of the tunnels to the waypoint.
    pub(crate) tunnel: Vec<HttpFilter>,
}

impl Security {
    /// Makes the filters.
    pub(crate) fn new(settings: &WaypointSettings<'_>, policies: &Policies<'_>) -> Self {
        let renderer = Renderer::new(settings);
        let http = |set: &PolicySet<'_>| {
            let mut policies = Vec::new();
            let custom = renderer.custom_http(&set.custom, &mut policies);
            let rules = authn::rules(&set.authentication);
            let authn = authn::filters(&rules, &set.remote_keys, &settings.rules.security);
            let mut filters = ask_causes(&set.custom, custom.iter().map(|filter| filter.name.as_str()));
            filters.extend(authn.iter().map(|filter| (Str::from(&filter.name), authn::causes(&rules))));
            SecurityFilters {
                custom: part(custom),
                authn: part(authn),
                rbac: part(renderer.local_http(&set.local, &mut policies)),
                policies,
                filters,
            }
        };
        let tcp = |set: &PolicySet<'_>| {
            let mut policies = Vec::new();
            let custom = renderer.custom_tcp(&set.custom, &mut policies);
            SecurityFilters {
                filters: ask_causes(&set.custom, custom.iter().map(|filter| filter.name.as_str())),
                custom,
                authn: Vec::new(),
                rbac: renderer.local_tcp(&set.local, &mut policies),
                policies,
            }
        };
        Self {
            http: policies.http.iter().map(http).collect(),
            tcp: policies.tcp.iter().map(tcp).collect(),
            tunnel: renderer.tunnel(&policies.tunnel),
        }
    }

    /// The filters of a set for chains for HTTP.
    pub(crate) fn http(
        &self,
        PolicySetId(position): PolicySetId,
    ) -> Option<&SecurityFilters<Encoded<HttpConnectionManager>>> {
        self.http.get(position)
    }

    /// The filters of a set for chains for bytes.
    pub(crate) fn tcp(&self, PolicySetId(position): PolicySetId) -> Option<&SecurityFilters<Vec<Filter>>> {
        self.tcp.get(position)
    }
}
