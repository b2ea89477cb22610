//! RequestAuthentications as Envoy's jwt_authn filter, and Istio's own istio_authn where the release has it.
//!
//! A request without a token passes, one with a token that isn't valid doesn't: what a caller must have is
//! for AuthorizationPolicies to say.
//!
//! Source:
//! [RequestAuthentication](https://istio.io/latest/docs/reference/config/security/request_authentication/)
//! and Envoy's
//! [jwt_authn](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/jwt_authn_filter).

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use envoy::config::core::v3::data_source::Specifier;
use envoy::config::core::v3::http_uri::HttpUpstreamType;
use envoy::config::core::v3::{DataSource, HttpUri};
use envoy::config::route::v3::RouteMatch;
use envoy::config::route::v3::route_match::PathSpecifier;
use envoy::extensions::filters::http::jwt_authn::v3::jwt_provider::{JwksSourceSpecifier, NormalizePayload};
use envoy::extensions::filters::http::jwt_authn::v3::jwt_requirement::RequiresType;
use envoy::extensions::filters::http::jwt_authn::v3::requirement_rule::RequirementType;
use envoy::extensions::filters::http::jwt_authn::v3::{
    JwtAuthentication, JwtClaimToHeader, JwtHeader, JwtProvider, JwtRequirement, JwtRequirementAndList,
    JwtRequirementOrList, RemoteJwks, RequirementRule,
};
use envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy::google::protobuf::Empty;
use envoy::istio::authentication::v1alpha1::{Jwt, OriginAuthenticationMethod, Policy, PrincipalBinding};
use envoy::istio::envoy::config::filter::http::authn::v2alpha1::FilterConfig;

use super::authz::http;
use crate::Str;
use crate::plan::policies::jwks::KeyServer;
use crate::resources::proto::duration;
use crate::rules::{MissingKeys, RequestIdentity, SecurityRules};
use crate::snapshot::message::Duration;
use crate::snapshot::security::{JwtRule, RequestAuthentication};
use crate::snapshot::{Cause, FieldPath, Object};

const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";
/// How long a proxy waits for keys that it fetches, where a rule says nothing else.
const KEY_TIMEOUT: Duration = Duration::from_secs(5);
/// For how long it keeps them.
const KEYS_KEPT: Duration = Duration::from_secs(300);
/// Claims whose value is a list, separated by spaces, whatever the rule says.
const SPACE_DELIMITED: [&str; 2] = ["permission", "scope"];

/// What stands for keys that were never fetched: nobody has the private half of this key.
const PUBLIC_ONLY_JWKS: &str = r#"{
  "keys": [
    {
      "kty": "RSA",
      "e": "AQAB",
      "n": "0xObjM0UvS_oaazjpEYlAbwctEJ4L8pH3OuTb7qth7gUwqet-EzQB4dgFdvSdMgrLnSncQGRjpEYz3F3viIbH-3EN3TxSlPNviHxeOdyiBVfumN8dMxbLvVJUpfNOnvmMxJcl-8NNjAwcOjk4otSALaYgYYyOPyvKtgVdrQr-FoubWX4yrjxW-MJ2-7OBeepUUNOsVwGV23YX03sVkkyvY3otRflkBcY3_HKpBxJl9wk2GyOShN4_PNUF9-vwfnvOXMbCDX-w4PTef4geeb_GiT40YCKHTKMSPVanGRn5GExIWmki-mmqh94-mPTJyBR74ShspL3BxPZitDL574T1w"
    }
  ]
}"#;

/// A rule of a policy, with its position there.
pub(super) struct PolicyRule<'m> {
    policy: &'m Object<RequestAuthentication>,
    position: usize,
    rule: &'m JwtRule,
}

/// The rules of these policies, in the order in which they become providers.
pub(super) fn rules<'m>(policies: &[&'m Arc<Object<RequestAuthentication>>]) -> Vec<PolicyRule<'m>> {
    let of_policy = |policy: &&'m Arc<Object<RequestAuthentication>>| {
        let policy: &Object<RequestAuthentication> = policy;
        let rules = policy.spec.jwt_rules.iter().enumerate();
        rules.map(move |(position, rule)| PolicyRule { policy, position, rule })
    };
    let mut rules: Vec<_> = policies.iter().flat_map(of_policy).collect();
    rules.sort_by_key(|of_policy| &of_policy.rule.issuer);
    rules
}

/// What made the filters of these rules: one cause for each, in their order.
pub(super) fn causes(rules: &[PolicyRule<'_>]) -> Vec<Cause> {
    let cause = |PolicyRule { policy, position, .. }: &PolicyRule<'_>| {
        Cause::new(policy.object_ref(), FieldPath::at("spec.jwtRules[]", [*position]))
    };
    rules.iter().map(cause).collect()
}

/// The filters of these rules, in the order in which they come into a chain.
pub(super) fn filters(
    rules: &[PolicyRule<'_>],
    remote_keys: &BTreeMap<&str, KeyServer>,
    release: &SecurityRules,
) -> Vec<HttpFilter> {
    let rules: Vec<&JwtRule> = rules.iter().map(|of_policy| of_policy.rule).collect();
    if rules.is_empty() {
        return Vec::new();
    }
    let jwt_authn = http(JWT_AUTHN, envoy::any(&jwt_authentication(&rules, remote_keys, release)));
    match release.request_identity {
        RequestIdentity::JwtAuthn => vec![jwt_authn],
        RequestIdentity::IstioAuthn => {
            vec![jwt_authn, http("istio_authn", envoy::any(&istio_authn(&rules)))]
        }
    }
}

fn jwt_authentication(
    rules: &[&JwtRule],
    remote_keys: &BTreeMap<&str, KeyServer>,
    release: &SecurityRules,
) -> JwtAuthentication {
    let providers = rules.iter().map(|rule| {
        let cluster = remote_keys.get(rule.jwks_uri.as_str());
        provider(rule, cluster.map(|server| server.cluster.as_str()), release)
    });
    let names: Vec<String> = (0..rules.len()).map(provider_name).collect();
    let rule = RequirementRule {
        r#match: Some(RouteMatch {
            path_specifier: Some(PathSpecifier::Prefix("/".to_owned())),
            ..RouteMatch::default()
        }),
        requirement_type: Some(RequirementType::Requires(requirement(&names))),
    };
    JwtAuthentication {
        providers: names.into_iter().zip(providers).collect(),
        rules: vec![rule],
        bypass_cors_preflight: true,
        ..JwtAuthentication::default()
    }
}

/// What the provider of a rule is called, by the rule's position among all.
pub(crate) fn provider_name(position: usize) -> String {
    format!("origins-{position}")
}

/// One provider: it, or no token. Several: any of them, or of each that it finds no fault. The first half of
/// that is for providers that look for their token in the same place: there, the others always find a fault.
fn requirement(names: &[String]) -> JwtRequirement {
    let provider = |name: &String| require(RequiresType::ProviderName(name.clone()));
    let missing = || require(RequiresType::AllowMissing(Empty {}));
    let mut optional: Vec<_> = names.iter().map(|name| any_of(vec![provider(name), missing()])).collect();
    match optional.pop() {
        Some(only) if optional.is_empty() => only,
        last => {
            optional.extend(last);
            let all = RequiresType::RequiresAll(JwtRequirementAndList { requirements: optional });
            any_of(names.iter().map(provider).chain([require(all)]).collect())
        }
    }
}

fn require(requires: RequiresType) -> JwtRequirement {
    JwtRequirement { requires_type: Some(requires) }
}

fn any_of(requirements: Vec<JwtRequirement>) -> JwtRequirement {
    require(RequiresType::RequiresAny(JwtRequirementOrList { requirements }))
}

fn provider(rule: &JwtRule, cluster: Option<&str>, release: &SecurityRules) -> JwtProvider {
    let provider = JwtProvider {
        issuer: rule.issuer.to_string(),
        audiences: strings(&rule.audiences),
        forward: rule.forward_original_token,
        forward_payload_header: rule.output_payload_to_header.to_string(),
        claim_to_headers: rule
            .output_claim_to_headers
            .iter()
            .map(|to| JwtClaimToHeader {
                header_name: to.header.to_string(),
                claim_name: to.claim.to_string(),
                ..JwtClaimToHeader::default()
            })
            .collect(),
        from_headers: rule
            .from_headers
            .iter()
            .map(|header| JwtHeader {
                name: header.name.to_string(),
                value_prefix: header.prefix.to_string(),
            })
            .collect(),
        from_params: strings(&rule.from_params),
        jwks_source_specifier: Some(match cluster {
            Some(cluster) => JwksSourceSpecifier::RemoteJwks(fetched_keys(rule, cluster)),
            None => JwksSourceSpecifier::LocalJwks(DataSource {
                specifier: Some(Specifier::InlineString(keys(rule, release.missing_keys))),
                ..DataSource::default()
            }),
        }),
        ..JwtProvider::default()
    };
    match release.request_identity {
        RequestIdentity::IstioAuthn => {
            JwtProvider { payload_in_metadata: rule.issuer.to_string(), ..provider }
        }
        RequestIdentity::JwtAuthn => JwtProvider {
            payload_in_metadata: "payload".to_owned(),
            normalize_payload_in_metadata: Some(NormalizePayload {
                space_delimited_claims: space_delimited(&rule.space_delimited_claims),
            }),
            from_cookies: strings(&rule.from_cookies),
            clear_route_cache: true,
            ..provider
        },
    }
}

/// Keys that the proxy fetches itself.
fn fetched_keys(rule: &JwtRule, cluster: &str) -> RemoteJwks {
    let timeout = rule.timeout.unwrap_or(KEY_TIMEOUT);
    RemoteJwks {
        http_uri: Some(HttpUri {
            uri: rule.jwks_uri.to_string(),
            timeout: Some(duration(timeout)),
            http_upstream_type: Some(HttpUpstreamType::Cluster(cluster.to_owned())),
        }),
        cache_duration: Some(duration(KEYS_KEPT)),
        ..RemoteJwks::default()
    }
}

fn strings(list: &[Str]) -> Vec<String> {
    list.iter().map(Str::to_string).collect()
}

/// Sorted, each once, the usual ones among them.
fn space_delimited(claims: &[Str]) -> Vec<String> {
    let mut all: Vec<String> =
        claims.iter().map(Str::to_string).chain(SPACE_DELIMITED.map(str::to_owned)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The keys of a rule. Nothing is fetched here: for `jwksUri`, and for an issuer that has neither, stands
/// what the control plane sends as long as it has no keys.
fn keys(rule: &JwtRule, missing: MissingKeys) -> String {
    match missing {
        _ if !rule.jwks.is_empty() => rule.jwks.to_string(),
        MissingKeys::Fixed => PUBLIC_ONLY_JWKS.to_owned(),
        MissingKeys::NamesTheAddress => {
            let modulus =
                URL_SAFE_NO_PAD.encode(format!("Error-IstiodFailedToFetchJwksUri-{}", rule.jwks_uri));
            format!(r#"{{"keys":[ {{"e":"AQAB","kid":"abc","kty":"RSA","n":"{modulus}"}}]}}"#)
        }
    }
}

fn istio_authn(rules: &[&JwtRule]) -> FilterConfig {
    let origin = |rule: &&JwtRule| OriginAuthenticationMethod {
        jwt: Some(Jwt { issuer: rule.issuer.to_string(), ..Jwt::default() }),
    };
    #[allow(deprecated, reason = "the filter reads these fields")]
    let policy = Policy {
        origins: rules.iter().map(origin).collect(),
        origin_is_optional: true,
        principal_binding: PrincipalBinding::UseOrigin.into(),
        ..Policy::default()
    };
    FilterConfig { policy: Some(policy), skip_validate_trust_domain: true, ..FilterConfig::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;
    use crate::snapshot::{Meta, Source};

    fn rule(issuer: &str) -> JwtRule {
        JwtRule { issuer: issuer.into(), jwks: "{}".into(), ..JwtRule::default() }
    }

    type Policy = Arc<Object<RequestAuthentication>>;

    fn filters_of(policies: &[Policy], release: Release) -> Vec<HttpFilter> {
        let policies: Vec<&Policy> = policies.iter().collect();
        filters(&rules(&policies), &BTreeMap::new(), &crate::rules::Rules::of(release).security)
    }

    fn jwt(policies: &[Policy], release: Release) -> Option<JwtAuthentication> {
        use envoy::extensions::filters::network::http_connection_manager::v3::http_filter::ConfigType;
        let filters = filters_of(policies, release);
        match filters.first()?.config_type.as_ref()? {
            ConfigType::TypedConfig(any) => Some(envoy::unpack(any).unwrap()),
            ConfigType::ConfigDiscovery(_) => None,
        }
    }

    fn policy(jwt_rules: Vec<JwtRule>) -> Policy {
        let spec = RequestAuthentication { jwt_rules, ..RequestAuthentication::default() };
        Arc::new(Object { meta: Meta::default(), spec, source: Source::default() })
    }

    #[test]
    fn no_rules_no_filter() {
        assert_eq!(jwt(&[policy(vec![])], Release::V1_31), None);
    }

    #[test]
    fn providers_are_in_the_order_of_their_issuers() {
        let config = jwt(&[policy(vec![rule("b")]), policy(vec![rule("a")])], Release::V1_31).unwrap();
        assert_eq!(config.providers["origins-0"].issuer, "a");
        assert_eq!(config.providers["origins-1"].issuer, "b");
    }

    #[test]
    fn causes_are_in_the_order_of_providers() {
        let several = policy(vec![rule("c"), rule("a")]);
        let fields = |policies: &[&Policy]| -> Vec<String> {
            causes(&rules(policies)).iter().map(|cause| cause.field.to_string()).collect()
        };
        assert_eq!(fields(&[&several]), ["spec.jwtRules[1]", "spec.jwtRules[0]"]);
        assert_eq!(fields(&[]), [""; 0]);
    }

    #[test]
    fn one_provider_or_no_token() {
        let one = requirement(&["p".to_owned()]);
        let Some(RequiresType::RequiresAny(list)) = one.requires_type else { panic!("not any") };
        assert_eq!(list.requirements[0].requires_type, Some(RequiresType::ProviderName("p".into())));
        assert_eq!(list.requirements[1].requires_type, Some(RequiresType::AllowMissing(Empty {})));
    }

    #[test]
    fn any_of_several_providers_or_no_fault_of_any() {
        let two = requirement(&["p".to_owned(), "q".to_owned()]);
        let Some(RequiresType::RequiresAny(list)) = two.requires_type else { panic!("not any") };
        assert_eq!(list.requirements.len(), 3);
        let Some(RequiresType::RequiresAll(all)) = &list.requirements[2].requires_type else {
            panic!("not all")
        };
        assert_eq!(all.requirements.len(), 2);
    }

    #[test]
    fn keys_that_were_not_fetched_accept_nothing() {
        let rule = JwtRule { jwks_uri: "http://x".into(), ..JwtRule::default() };
        let keys = keys(&rule, MissingKeys::NamesTheAddress);
        let n = keys.split(r#""n":""#).nth(1).and_then(|n| n.split('"').next()).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(n).unwrap(), b"Error-IstiodFailedToFetchJwksUri-http://x");
        assert!(serde_json::from_str::<serde_json::Value>(PUBLIC_ONLY_JWKS).is_ok());
    }

    #[test]
    fn the_usual_claims_are_always_lists() {
        assert_eq!(space_delimited(&[]), ["permission", "scope"]);
        assert_eq!(space_delimited(&["scope".into(), "aa".into()]), ["aa", "permission", "scope"]);
    }

    #[test]
    fn istio_authn_follows_where_the_release_has_it() {
        let count = |release: Release| filters_of(&[policy(vec![rule("a")])], release).len();
        assert_eq!((count(Release::V1_18), count(Release::V1_31)), (2, 1));
    }
}
