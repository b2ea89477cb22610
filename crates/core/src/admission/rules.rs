//! What the schemas and the webhook of one release ask differently from those of another.
//!
//! Fields that a release's schemas do not know are in `newer.rs`; everything else is here.

use crate::release::Release;
use crate::snapshot::Kind;

/// The choices of one release.
#[derive(Debug)]
pub(super) struct Rules {
    /// The release.
    pub(super) release: Release,
    /// Kinds that it does not read.
    pub(super) unknown_kinds: &'static [Kind],
    /// Whether its schemas know `DYNAMIC_DNS`.
    pub(super) dynamic_dns: bool,
    /// Whether a cookie to hash by needs a `ttl`.
    pub(super) cookie_ttl_required: bool,
    /// Whether Maglev's table size is looked at.
    pub(super) maglev_table_checked: bool,
    /// Whether two subsets of a DestinationRule may have one name.
    pub(super) duplicate_subsets: bool,
    /// Whether `insecureSkipVerify` excludes what would be verified with.
    pub(super) skip_verify_checked: bool,
    /// Whether `failover` excludes topology labels in `failoverPriority`.
    pub(super) failover_excludes_topology: bool,
    /// Which matches of HTTP routes are looked at.
    pub(super) http_matches: HttpMatches,
    /// Whether a gateway beside `mesh` makes a VirtualService one for gateways (where JWT claims may be matched).
    pub(super) any_gateway_counts: bool,
    /// Whether claims to route by need a name: `@request.auth.claims.sub`, not `@request.auth.claims`.
    pub(super) claims_need_a_name: bool,
    /// Whether a destination's headers may set `:authority` (and not only `host`).
    pub(super) destination_authority: bool,
    /// Whether names in a CORS policy are names of headers, or `*`; else anything but nothing.
    pub(super) cors_names_checked: bool,
    /// What may be in `allowMethods` beside the methods of HTTP.
    pub(super) cors_any_method: bool,
    /// Retry policies that Envoy learned later than 1.18's.
    pub(super) later_retry_policies: &'static [&'static str],
    /// Whether ServiceEntries without addresses are given one.
    pub(super) allocates_addresses: bool,
    /// Whether an address may be absent where there is a network.
    pub(super) network_without_address: bool,
    /// Whether a port of `portLevelMtls` has to be one of TCP's.
    pub(super) peer_ports_checked: bool,
    /// Whether a JWT rule needs an issuer; else an issuer or a `jwksUri`.
    pub(super) issuer_required: bool,
    /// Whether a claim's header is checked as a name; else as a value, by mistake.
    pub(super) claim_header_is_a_name: bool,
    /// Whether `{*}` and `{**}` in an AuthorizationPolicy's paths are templates.
    pub(super) path_templates: bool,
    /// Attributes of `when` that came after 1.18.
    pub(super) later_attributes: bool,
    /// Whether the schemas have rules beyond types and enumerations: lengths, patterns, CEL.
    pub(super) schema_rules: bool,
    /// Whether EnvoyFilters patch bootstraps, of proxies that ask their control plane for one.
    pub(super) bootstrap_patches: bool,
    /// How long an EnvoyFilter's expression for versions may be to count; else it counts, however long.
    pub(super) longest_version_expression: Option<usize>,
    /// Annotations that users may not set.
    pub(super) reserved_annotations: &'static [&'static str],
    /// How long the mesh's `connectTimeout` may be, in seconds.
    pub(super) longest_connect_timeout: i64,
    /// Curves for TLS that the mesh configuration may name.
    pub(super) ecdh_curves: &'static [&'static str],
}

/// Which matches of an HTTP route are looked at, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HttpMatches {
    /// Regular expressions of routes without a delegate; of those with one, and of delegates, only header names.
    Independent,
    /// All, and header names have to be names of headers; prefixes may not be empty.
    All,
}

impl Rules {
    /// The rules of a release.
    pub(super) const fn of(release: Release) -> &'static Self {
        match release {
            Release::V1_18 => &V1_18,
            Release::V1_31 => &V1_31,
        }
    }

    /// Whether the release reads objects of this kind.
    pub(super) fn knows(&self, kind: Kind) -> bool {
        !self.unknown_kinds.contains(&kind)
    }
}

static V1_18: Rules = Rules {
    release: Release::V1_18,
    // The Gateway API's alpha kinds were behind PILOT_ENABLE_ALPHA_GATEWAY_API, off by default.
    unknown_kinds: &[
        Kind::GrpcRoute,
        Kind::TcpRoute,
        Kind::TlsRoute,
        Kind::BackendTlsPolicy,
        Kind::XBackendTrafficPolicy,
        Kind::ListenerSet,
        Kind::InferencePool,
        Kind::TrafficExtension,
    ],
    dynamic_dns: false,
    cookie_ttl_required: true,
    maglev_table_checked: false,
    duplicate_subsets: true,
    skip_verify_checked: false,
    failover_excludes_topology: false,
    http_matches: HttpMatches::Independent,
    any_gateway_counts: true,
    claims_need_a_name: false,
    destination_authority: false,
    cors_names_checked: false,
    cors_any_method: false,
    later_retry_policies: &[],
    allocates_addresses: false,
    network_without_address: false,
    peer_ports_checked: false,
    issuer_required: true,
    claim_header_is_a_name: false,
    path_templates: false,
    later_attributes: false,
    schema_rules: false,
    bootstrap_patches: true,
    longest_version_expression: None,
    reserved_annotations: &[],
    longest_connect_timeout: 30,
    ecdh_curves: &["P-224", "P-256", "P-384", "P-521", "X25519", "CECPQ2"],
};

static V1_31: Rules = Rules {
    release: Release::V1_31,
    unknown_kinds: &[],
    dynamic_dns: true,
    cookie_ttl_required: false,
    maglev_table_checked: true,
    duplicate_subsets: false,
    skip_verify_checked: true,
    failover_excludes_topology: true,
    http_matches: HttpMatches::All,
    any_gateway_counts: false,
    claims_need_a_name: true,
    destination_authority: true,
    cors_names_checked: true,
    cors_any_method: true,
    later_retry_policies: &["reset-before-request", "http3-post-connect-failure"],
    allocates_addresses: true,
    network_without_address: true,
    peer_ports_checked: true,
    issuer_required: false,
    claim_header_is_a_name: true,
    path_templates: true,
    later_attributes: true,
    schema_rules: true,
    bootstrap_patches: false,
    longest_version_expression: Some(1024),
    reserved_annotations: &[
        "internal.istio.io/webhook-always-reject",
        "internal.istio.io/parent-namespace",
        "internal.istio.io/parents",
    ],
    longest_connect_timeout: 3600,
    ecdh_curves: &["P-224", "P-256", "P-384", "P-521", "X25519", "X25519Kyber768Draft00", "X25519MLKEM768"],
};
