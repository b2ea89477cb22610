//! `security.istio.io`: who may call, and how callers prove who they are.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use std::collections::BTreeMap;

use super::Given;
use super::message::{Duration, choice, message};
use super::selector::{PolicyTargetReference, WorkloadSelector};
use crate::Str;

message! {
    /// The spec of an `AuthorizationPolicy`.
    pub struct AuthorizationPolicy {
        selector: Option<WorkloadSelector>,
        target_ref: Option<PolicyTargetReference>,
        target_refs: Given<Vec<PolicyTargetReference>>,
        rules: Vec<Rule>,
        action: Action,
        provider: Option<ExtensionProvider>,
    }

    /// The `MeshConfig` extension provider that decides for `CUSTOM`.
    pub struct ExtensionProvider {
        name: Str,
    }

    /// A request fits when one source, one operation and all conditions do.
    pub struct Rule {
        from: Vec<From>,
        to: Vec<To>,
        when: Vec<Condition>,
    }

    pub struct From {
        source: Option<Source>,
    }

    pub struct To {
        operation: Option<Operation>,
    }

    /// Who calls. `service_accounts` came with 1.27, `trust_domains` later still.
    pub struct Source {
        principals: Vec<Str>,
        not_principals: Vec<Str>,
        request_principals: Vec<Str>,
        not_request_principals: Vec<Str>,
        namespaces: Vec<Str>,
        not_namespaces: Vec<Str>,
        service_accounts: Vec<Str>,
        not_service_accounts: Vec<Str>,
        trust_domains: Vec<Str>,
        not_trust_domains: Vec<Str>,
        ip_blocks: Vec<Str>,
        not_ip_blocks: Vec<Str>,
        remote_ip_blocks: Vec<Str>,
        not_remote_ip_blocks: Vec<Str>,
    }

    /// What is called.
    pub struct Operation {
        hosts: Vec<Str>,
        not_hosts: Vec<Str>,
        ports: Vec<Str>,
        not_ports: Vec<Str>,
        methods: Vec<Str>,
        not_methods: Vec<Str>,
        paths: Vec<Str>,
        not_paths: Vec<Str>,
    }

    pub struct Condition {
        key: Str,
        values: Vec<Str>,
        not_values: Vec<Str>,
    }

    /// The spec of a `RequestAuthentication`.
    pub struct RequestAuthentication {
        selector: Option<WorkloadSelector>,
        target_ref: Option<PolicyTargetReference>,
        target_refs: Given<Vec<PolicyTargetReference>>,
        jwt_rules: Vec<JwtRule>,
    }

    pub struct JwtRule {
        issuer: Str,
        audiences: Vec<Str>,
        /// The schema knows both spellings.
        #[serde(alias = "jwks_uri")]
        jwks_uri: Str,
        jwks: Str,
        from_headers: Vec<JwtHeader>,
        from_params: Vec<Str>,
        from_cookies: Vec<Str>,
        output_payload_to_header: Str,
        output_claim_to_headers: Vec<ClaimToHeader>,
        forward_original_token: bool,
        timeout: Option<Duration>,
        space_delimited_claims: Vec<Str>,
    }

    pub struct JwtHeader {
        name: Str,
        prefix: Str,
    }

    pub struct ClaimToHeader {
        header: Str,
        claim: Str,
    }

    /// The spec of a `PeerAuthentication`.
    pub struct PeerAuthentication {
        selector: Option<WorkloadSelector>,
        mtls: Option<MutualTls>,
        /// By the workload's port, a number in quotes.
        port_level_mtls: Given<BTreeMap<Str, MutualTls>>,
    }

    pub struct MutualTls {
        mode: MutualTlsMode,
    }
}

choice! {
    /// What an `AuthorizationPolicy` does with a request that fits.
    pub enum Action {
        Allow = "ALLOW",
        Deny = "DENY",
        Audit = "AUDIT",
        Custom = "CUSTOM",
    }

    pub enum MutualTlsMode {
        Unset = "UNSET",
        Disable = "DISABLE",
        Permissive = "PERMISSIVE",
        Strict = "STRICT",
    }
}
