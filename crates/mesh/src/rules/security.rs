//! How policies become filters.

use super::table::table;

table! {
    /// How AuthorizationPolicies and RequestAuthentications become filters.
    pub struct SecurityRules {
        /// How a header's value is matched.
        pub header_values: HeaderValueMatch,
        /// Where the claims of a request's token are kept.
        pub request_identity: RequestIdentity,
        /// What happens where policies name several external authorizers.
        pub several_authorizers: SeveralAuthorizers,
        /// Whether the policies of an external authorizer are called after it.
        pub authorizer_in_names: bool,
        /// What an external authorizer over gRPC is called by its requests.
        pub authorizer_authority: AuthorizerAuthority,
        /// What stands for keys that have not been fetched.
        pub missing_keys: MissingKeys,
        /// Whether values inside regular expressions are quoted: a dot in a namespace is one, not any
        /// character.
        pub quotes_in_regexes: bool,
        /// Whether `{*}` and `{**}` in a path are templates.
        pub path_templates: bool,
        /// Whether the zone of an address stays with it, which Envoy refuses.
        pub keeps_zones: bool,
    }
}

/// How a header's value is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderValueMatch {
    /// By `exactMatch`, `prefixMatch`, `suffixMatch`, which Envoy has deprecated.
    OwnFields,
    /// By `stringMatch`.
    StringMatch,
}

/// Where the claims of a request's token are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestIdentity {
    /// In the metadata of Istio's own filter `istio_authn`, which follows jwt_authn.
    IstioAuthn,
    /// In the metadata of jwt_authn itself, under `payload`.
    JwtAuthn,
}

/// What happens where policies name several external authorizers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeveralAuthorizers {
    /// Everything is denied. Policies that are only tried say nothing.
    DenyEverything,
    /// What the policies are about is denied, by one filter for all of them.
    DenyTogether,
    /// What the policies are about is denied, by a filter for each authorizer, unless a feature flag allows
    /// several.
    DenyEach,
}

/// What an external authorizer over gRPC is called by its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizerAuthority {
    /// Its cluster's name, with `_.` for the bars, which no host may have.
    Cluster,
    /// Its hostname.
    Hostname,
}

/// What stands for keys that have not been fetched: no token may be valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingKeys {
    /// A key whose modulus is the address that they should have come from.
    NamesTheAddress,
    /// One key for all, whose private half nobody has.
    Fixed,
}
