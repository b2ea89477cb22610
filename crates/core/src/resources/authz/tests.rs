use std::sync::Arc;

use envoy::config::listener::v3::Filter;
use envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use serde_json::{Value, json};

use super::Renderer;
use super::trust_domain::TrustDomains;
use crate::plan::policies::{Authorizer, AuthorizerProvider, Authorizers, CustomRules, LocalAction};
use crate::plan::provider::Upstream;
use crate::release::Release;
use crate::snapshot::mesh_config::provider::{
    EnvoyExternalAuthorizationGrpc, EnvoyExternalAuthorizationHttp,
};
use crate::snapshot::object::{Meta, Object, Source};
use crate::snapshot::security::{Action, AuthorizationPolicy};
use crate::snapshot::{Cause, Kind, ObjectRef};

const ASK: &str = "envoy.filters.http.ext_authz";

fn policy(name: &str, spec: &Value, dry_run: bool) -> Arc<Object<AuthorizationPolicy>> {
    let mut meta = Meta { name: name.into(), namespace: "ns".into(), ..Meta::default() };
    if dry_run {
        meta.annotations.extend([("istio.io/dry-run", "true")]);
    }
    let spec = serde_json::from_value(spec.clone()).unwrap();
    Arc::new(Object { meta, spec, source: Source::default() })
}

/// All filters of a set of policies.
struct Built {
    custom_http: Vec<HttpFilter>,
    rbac_http: Vec<HttpFilter>,
    custom_tcp: Vec<Filter>,
    rbac_tcp: Vec<Filter>,
    tunnel: Vec<HttpFilter>,
}

impl Built {
    fn new(release: Release, policies: &[Arc<Object<AuthorizationPolicy>>], several_allowed: bool) -> Self {
        let (http, grpc) =
            (EnvoyExternalAuthorizationHttp::default(), EnvoyExternalAuthorizationGrpc::default());
        let authorizer = |provider| {
            let cause = Cause::from(ObjectRef::new(Kind::Service, "ns", "authorizer"));
            let upstream = Upstream { hostname: "host".into(), cluster: "cluster".to_owned(), cause };
            Ok(Authorizer { provider, upstream, status_on_error: None })
        };
        let authorizers = [
            ("http", authorizer(AuthorizerProvider::Http(&http))),
            ("grpc", authorizer(AuthorizerProvider::Grpc(&grpc))),
        ];
        let security = &crate::rules::Rules::of(release).security;
        let authorizers = Authorizers(authorizers.into());
        let rules = CustomRules { release: security, authorizers, several_allowed };
        let all: Vec<_> = policies.iter().collect();
        let asking: Vec<_> = all.iter().copied().filter(|p| p.spec.action == Action::Custom).collect();
        let (custom, local) = (rules.split(&asking), LocalAction::split(&all));
        let trust_domains = TrustDomains::new(&"cluster.local".into(), &[]);
        let renderer = Renderer { release: security, trust_domains };
        let named = &mut Vec::new();
        Self {
            custom_http: renderer.custom_http(&custom, named),
            rbac_http: renderer.local_http(&local, named),
            custom_tcp: renderer.custom_tcp(&custom, named),
            rbac_tcp: renderer.local_tcp(&local, named),
            tunnel: renderer.tunnel(&local),
        }
    }
}

fn build(release: Release, policies: &[Arc<Object<AuthorizationPolicy>>]) -> Built {
    Built::new(release, policies, false)
}

fn config<M: envoy::Message + envoy::Name>(filter: &M) -> Value {
    let json: Value = serde_json::from_str(&envoy::json::to_json(filter).unwrap()).unwrap();
    json["typedConfig"].clone()
}

fn custom(provider: &str) -> Value {
    json!({"action": "CUSTOM", "provider": {"name": provider}, "rules": [{}]})
}

#[test]
fn actions_have_a_filter_each_in_a_fixed_order() {
    let policies = ["ALLOW", "DENY", "AUDIT"]
        .map(|action| policy(action, &json!({"action": action, "rules": [{}]}), false));
    let built = build(Release::V1_31, &policies);
    let http: Vec<_> = built.rbac_http.iter().map(|f| config(f)["rules"]["action"].clone()).collect();
    assert_eq!(http, [json!("LOG"), json!("DENY"), Value::Null]);
    assert_eq!(built.rbac_tcp.len(), 3);
    assert_eq!(config(&built.rbac_tcp[0])["statPrefix"], "tcp.");
}

#[test]
fn a_policy_without_rules_never_fits() {
    let built = build(Release::V1_31, &[policy("none", &json!({}), false)]);
    let rbac = &config(&built.rbac_http[0])["rules"]["policies"]["ns[ns]-policy[none]-rule[0]"];
    assert_eq!(rbac["principals"], json!([{"notId": {"any": true}}]));
}

#[test]
fn a_dry_run_is_a_shadow() {
    let deny = json!({"action": "DENY", "rules": [{}]});
    let tried = config(&build(Release::V1_31, &[policy("p", &deny, true)]).rbac_http[0]);
    assert_eq!(tried["shadowRulesStatPrefix"], "istio_dry_run_deny_");
    assert_eq!(tried["rules"], Value::Null);
    let enforced = config(&build(Release::V1_31, &[policy("p", &deny, false)]).rbac_http[0]);
    assert_eq!(enforced["shadowRulesStatPrefix"], "istio_dry_run_allow_");
}

#[test]
fn an_authorizer_is_asked_where_a_rule_fits() {
    for (release, prefix) in [(Release::V1_18, "istio-ext-authz"), (Release::V1_31, "istio-ext-authz-grpc")] {
        let built = build(release, &[policy("p", &custom("grpc"), false)]);
        assert_eq!(built.custom_http[1].name, ASK);
        let shadow = config(&built.custom_http[0])["shadowRules"]["policies"].clone();
        assert!(shadow.get(format!("{prefix}-ns[ns]-policy[p]-rule[0]")).is_some(), "{shadow}");
        let condition = config(&built.custom_http[1])["filterEnabledMetadata"]["value"].clone();
        assert_eq!(condition["stringMatch"]["prefix"], prefix);
        assert_eq!(built.custom_tcp.len(), 2);
    }
}

#[test]
fn an_authorizer_that_speaks_http_is_not_asked_about_connections() {
    for release in Release::ALL {
        let policies = [policy("p", &custom("http"), false)];
        let built = build(*release, &policies);
        assert_eq!((built.custom_http.len(), built.custom_tcp.len()), (2, 0));
    }
}

#[test]
fn an_unknown_authorizer_denies() {
    let unknown = [policy("p", &custom("nobody"), false)];
    let rules = |release| config(&build(release, &unknown).custom_http[0])["rules"].clone();
    let old = rules(Release::V1_18);
    assert!(old["policies"].get("default-deny-all-due-to-bad-CUSTOM-action").is_some(), "{old}");
    let new = rules(Release::V1_31);
    let name = "istio-ext-authz-nobody-ns[ns]-policy[p]-rule[0]-deny-due-to-bad-CUSTOM-action";
    assert!(new["action"] == "DENY" && new["policies"].get(name).is_some(), "{new}");
}

#[test]
fn several_authorizers_deny_unless_they_are_allowed() {
    let two = [policy("a", &custom("grpc"), false), policy("b", &custom("http"), false)];
    for release in Release::ALL {
        assert!(build(*release, &two).custom_http.iter().all(|f| f.name != ASK), "{release}");
    }
    let built = Built::new(Release::V1_31, &two, true);
    assert_eq!(built.custom_http.iter().filter(|f| f.name == ASK).count(), 2);
}

#[test]
fn tunnels_know_the_certificate_and_no_request() {
    let spec = json!({"action": "DENY", "rules": [{"from": [{"source": {"principals": ["td/ns/a/sa/b"]}}],
        "to": [{"operation": {"methods": ["GET"]}}]}]});
    let policies = [policy("p", &spec, false), policy("c", &custom("grpc"), false)];
    let built = build(Release::V1_31, &policies);
    assert_eq!(built.tunnel.len(), 1);
    let text = config(&built.tunnel[0]).to_string();
    assert!(text.contains(r#""authenticated""#) && !text.contains("GET"), "{text}");
}
