//! Extension providers: `istiod` only warns of those that are not valid, since nobody may use them.

use std::collections::BTreeSet;

use crate::admission::check::Checker;
use crate::admission::syntax;
use crate::problem::Code;
use crate::snapshot::mesh_config::ExtensionProvider;

/// What a provider says of itself, for the member that it has.
struct Member<'a> {
    name: &'static str,
    service: Option<(&'a str, u32)>,
}

pub(super) fn check(c: &Checker<'_>, providers: &[ExtensionProvider]) {
    let mut names = BTreeSet::new();
    for (index, provider) in providers.iter().enumerate() {
        let c = &c.index(index);
        if provider.name.is_empty() {
            c.field("name").warn(
                Code::Ineffective,
                "a provider without a name cannot be used",
                "give it a name, by which policies and Telemetry name it",
            );
        } else if !names.insert(&provider.name) {
            let message = format!("the name `{}` stands here twice", provider.name);
            c.field("name").warn(Code::Ineffective, message, "give each provider a name of its own");
        }
        match member(provider) {
            Some(member) => check_member(c, &member, provider),
            None => c.warn(
                Code::Ineffective,
                "nothing says what the provider is",
                "add one of its kinds: `opentelemetry`, `envoyExtAuthzGrpc` or another one",
            ),
        }
    }
}

fn member(provider: &ExtensionProvider) -> Option<Member<'_>> {
    let p = provider;
    macro_rules! services {
        ($($field:ident $name:literal),*) => { [$(
            p.$field.as_ref().map(|m| Member { name: $name, service: Some((m.service.as_str(), m.port)) })
        ),*] };
    }
    let with_service = services!(
        envoy_ext_authz_http "envoyExtAuthzHttp", envoy_ext_authz_grpc "envoyExtAuthzGrpc", zipkin "zipkin",
        lightstep "lightstep", datadog "datadog", opencensus "opencensus", skywalking "skywalking",
        opentelemetry "opentelemetry", envoy_http_als "envoyHttpAls", envoy_tcp_als "envoyTcpAls",
        envoy_otel_als "envoyOtelAls"
    );
    let without = [
        ("prometheus", p.prometheus.is_some()),
        ("stackdriver", p.stackdriver.is_some()),
        ("envoyFileAccessLog", p.envoy_file_access_log.is_some()),
    ];
    let without =
        without.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| Member { name, service: None });
    with_service.into_iter().flatten().chain(without).next()
}

fn check_member(c: &Checker<'_>, member: &Member<'_>, provider: &ExtensionProvider) {
    let c = &c.field(member.name);
    if let Some((service, port)) = member.service {
        if !is_service(service) {
            c.field("service").warn(
                Code::Ineffective,
                format!("`{service}` is no host, nor `namespace/host`"),
                "write the full name of a Service: `collector.obs.svc.cluster.local`",
            );
        }
        if !syntax::is_port(port) {
            c.field("port").warn(
                Code::Ineffective,
                format!("port {port} is not between 1 and 65535"),
                "name the port of the Service",
            );
        }
    }
    let http = provider.envoy_ext_authz_http.as_ref();
    let grpc = provider.envoy_ext_authz_grpc.as_ref();
    let status = http.map(|p| &p.status_on_error).or(grpc.map(|p| &p.status_on_error));
    if let Some(status) = status.filter(|status| !status.is_empty() && !is_status(status)) {
        c.field("statusOnError").warn(
            Code::Ineffective,
            format!("`{status}` is no status of HTTP"),
            "write a number: `\"403\"`",
        );
    }
    if http.is_some_and(|p| !p.path_prefix.is_empty() && !p.path_prefix.starts_with('/')) {
        c.field("pathPrefix").warn(
            Code::Ineffective,
            "the prefix does not start with `/`",
            "write it with a `/` in front",
        );
    }
    if provider.lightstep.as_ref().is_some_and(|p| p.access_token.is_empty()) {
        c.field("accessToken").warn(Code::Ineffective, "the tracer needs a token", "add the token");
    }
    if provider.opentelemetry.as_ref().is_some_and(|p| p.http.is_some() && p.grpc.is_some()) {
        c.warn(Code::Ineffective, "only one of `grpc` and `http` may be set", "remove one of them");
    }
}

/// A host, or `namespace/host` where the host may start with `*`.
pub(crate) fn is_service(service: &str) -> bool {
    let Some((namespace, host)) = service.split_once('/') else {
        return syntax::host_name(service).is_ok() || syntax::is_ip(service);
    };
    let namespace = namespace.strip_prefix('~').unwrap_or(namespace);
    let full = host == "*" || host.contains('.');
    let whole_label = !host.contains('*') || host == "*" || host.starts_with("*.");
    let known = matches!(namespace, "*" | ".") || syntax::is_dns_label(namespace);
    known && full && whole_label && syntax::wildcard_host_name(host).is_ok()
}

/// Whether Envoy has a name for a status.
fn is_status(status: &str) -> bool {
    status.parse::<i32>().is_ok_and(|code| envoy_json::enum_value("envoy.type.v3.StatusCode", code).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_hosts_with_or_without_a_namespace() {
        for service in ["ext-authz.foo.svc.cluster.local", "10.0.0.1", "foo/ext.bar.svc", "*/*.example.com"] {
            assert!(is_service(service), "{service}");
        }
        for service in ["", "a b", "foo/short", "foo/", "/host.name", "foo/a*.example.com"] {
            assert!(!is_service(service), "{service}");
        }
    }

    #[test]
    fn statuses_are_those_with_a_name() {
        assert!(["200", "403", "429", "511"].into_iter().all(is_status));
        assert!(["", "20x", "199", "418", "600"].into_iter().all(|status| !is_status(status)));
    }
}
