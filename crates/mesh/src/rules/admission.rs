//! What the schemas and the webhook of one release ask differently from those of another.
//!
//! Fields that a release's schemas do not know are in `newer.rs`; everything else is here.

use super::table::table;
use crate::snapshot::Kind;

table! {
    /// The choices of one release.
    pub struct AdmissionRules {
        /// Kinds that it does not read.
        pub unknown_kinds: &'static [Kind],
        /// Kinds that it reads only with `PILOT_ENABLE_ALPHA_GATEWAY_API`.
        pub alpha_kinds: &'static [Kind],
        /// Whether its schemas know `DYNAMIC_DNS`.
        pub dynamic_dns: bool,
        /// The least `aggression` of a warm-up.
        pub least_aggression: LeastAggression,
        /// Whether a cookie to hash by needs a `ttl`.
        pub cookie_ttl_required: bool,
        /// Whether Maglev's table size is looked at.
        pub maglev_table_checked: bool,
        /// Whether two subsets of a DestinationRule may have one name.
        pub duplicate_subsets: bool,
        /// Whether `insecureSkipVerify` excludes what would be verified with.
        pub skip_verify_checked: bool,
        /// Whether `failover` excludes topology labels in `failoverPriority`.
        pub failover_excludes_topology: bool,
        /// Which matches of HTTP routes are looked at.
        pub http_matches: HttpMatches,
        /// Whether a gateway beside `mesh` makes a VirtualService one for gateways (where JWT claims may be
        /// matched).
        pub any_gateway_counts: bool,
        /// Whether claims to route by need a name: `@request.auth.claims.sub`, not `@request.auth.claims`.
        pub claims_need_a_name: bool,
        /// Whether a destination's headers may set `:authority` (and not only `host`).
        pub destination_authority: bool,
        /// Whether names in a CORS policy are names of headers, or `*`; else anything but nothing.
        pub cors_names_checked: bool,
        /// What may be in `allowMethods` beside the methods of HTTP.
        pub cors_any_method: bool,
        /// Retry policies that Envoy learned later than 1.18's.
        pub later_retry_policies: &'static [&'static str],
        /// Whether an address may be absent where there is a network.
        pub network_without_address: bool,
        /// Whether a port of `portLevelMtls` has to be one of TCP's.
        pub peer_ports_checked: bool,
        /// Whether a JWT rule needs an issuer; else an issuer or a `jwksUri`.
        pub issuer_required: bool,
        /// Whether a claim's header is checked as a name; else as a value, by mistake.
        pub claim_header_is_a_name: bool,
        /// Whether AuthorizationPolicies know service accounts, also as an attribute of `when`.
        pub service_accounts: bool,
        /// Whether AuthorizationPolicies know trust domains, also as an attribute of `when`.
        pub trust_domains: bool,
        /// Whether the schemas have rules beyond types and enumerations: lengths, patterns, CEL.
        pub schema_rules: bool,
        /// Whether EnvoyFilters patch bootstraps, of proxies that ask their control plane for one.
        pub bootstrap_patches: bool,
        /// Whether values of headers in HTTPRoutes have to be as HTTP wants them.
        pub header_value_pattern: bool,
        /// Annotations that users may not set.
        pub reserved_annotations: &'static [&'static str],
        /// How long the mesh's `connectTimeout` may be, in seconds.
        pub longest_connect_timeout: i64,
        /// Curves for TLS that the mesh configuration may name.
        pub ecdh_curves: &'static [&'static str],
        /// Whether `discoverySelectors` are for configuration too, not only for Services, Pods and their
        /// addresses.
        pub discovery_scopes_configuration: bool,
    }
}

/// Which matches of an HTTP route are looked at, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMatches {
    /// Regular expressions of routes without a delegate; of those with one, and of delegates, only header
    /// names.
    Independent,
    /// All, and header names have to be names of headers; prefixes may not be empty.
    All,
}

/// The least `aggression` of a warm-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeastAggression {
    /// Anything above 0.
    AboveZero,
    /// 1.
    One,
}

impl AdmissionRules {
    /// Whether the release ever reads objects of this kind.
    #[must_use]
    pub fn knows(&self, kind: Kind) -> bool {
        !self.unknown_kinds.contains(&kind)
    }

    /// Whether the release reads objects of this kind only where experiments are switched on.
    #[must_use]
    pub fn is_alpha(&self, kind: Kind) -> bool {
        self.alpha_kinds.contains(&kind)
    }
}
