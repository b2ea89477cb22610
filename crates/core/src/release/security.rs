//! How policies become filters.

/// How AuthorizationPolicies and RequestAuthentications become filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecurityRules {
    /// How a header's value is matched.
    pub header_values: HeaderValueMatch,
    /// Where the claims of a request's token are kept.
    pub request_identity: RequestIdentity,
    /// How many external authorizers a chain may have, and how their policies are called.
    pub external_authorizers: ExternalAuthorizers,
    /// What stands for keys that have not been fetched.
    pub missing_keys: MissingKeys,
    /// Whether values inside regular expressions are quoted: a dot in a namespace is one, not any character.
    pub quotes_in_regexes: bool,
    /// Whether `{*}` and `{**}` in a path are templates.
    pub path_templates: bool,
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

/// How many external authorizers a chain may have, and how their policies are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExternalAuthorizers {
    /// One: where policies name several, everything is denied.
    One,
    /// One, whose policies are called after it: where there are several, what their policies are about is denied.
    OneByName,
}

/// What stands for keys that have not been fetched: no token may be valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingKeys {
    /// A key whose modulus is the address that they should have come from.
    NamesTheAddress,
    /// One key for all, whose private half nobody has.
    Fixed,
}

pub(super) const V1_18: SecurityRules = SecurityRules {
    header_values: HeaderValueMatch::OwnFields,
    request_identity: RequestIdentity::IstioAuthn,
    external_authorizers: ExternalAuthorizers::One,
    missing_keys: MissingKeys::NamesTheAddress,
    quotes_in_regexes: false,
    path_templates: false,
};

pub(super) const V1_31: SecurityRules = SecurityRules {
    header_values: HeaderValueMatch::StringMatch,
    request_identity: RequestIdentity::JwtAuthn,
    external_authorizers: ExternalAuthorizers::OneByName,
    missing_keys: MissingKeys::Fixed,
    quotes_in_regexes: true,
    path_templates: true,
};
