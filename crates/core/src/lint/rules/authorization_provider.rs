//! `authorization-provider`: external authorizers that cannot be asked.

use crate::Str;
use crate::hash::{HashMap, HashSet};
use crate::lint::enforced::Enforced;
use crate::lint::providers::without_port;
use crate::lint::{Context, Rule, ports};
use crate::mesh::ServiceId;
use crate::plan::policies::{Authorizers, Unusable};
use crate::problem::{Code, Problem};
use crate::snapshot::ObjectRef;
use crate::snapshot::mesh_config::ExtensionProvider;
use crate::snapshot::security::Action;

pub(super) const RULE: Rule =
    Rule::new(Code::AuthorizationProvider, include_str!("authorization_provider.md"), check);

const PROVIDER: &str = "spec.provider.name";

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let custom: Vec<&Enforced<'_>> =
        cx.enforced().iter().filter(|enforced| enforced.action() == Action::Custom).collect();
    if custom.is_empty() {
        return Vec::new();
    }
    let mut found = of_providers(cx, &custom);
    if !cx.mesh.options.features.pilot_enable_multiple_custom_authz_providers {
        found.extend(of_several(cx, &custom));
    }
    found
}

fn provider(enforced: &Enforced<'_>) -> Str {
    enforced.policy.spec.provider.as_ref().map(|provider| provider.name.clone()).unwrap_or_default()
}

/// Providers that are not there, or that cannot be asked: once each, at the first policy that names it.
fn of_providers(cx: &Context<'_>, custom: &[&Enforced<'_>]) -> Vec<Problem> {
    let authorizers = Authorizers::new(cx.mesh);
    let mut by_name: Vec<(Str, Vec<ObjectRef>)> = Vec::new();
    for enforced in custom {
        let name = provider(enforced);
        let object = enforced.policy.object_ref();
        match by_name.iter_mut().find(|(other, _)| *other == name) {
            Some((_, objects)) => objects.push(object),
            None => by_name.push((name, vec![object])),
        }
    }
    let problems = by_name.into_iter().filter_map(|(name, objects)| {
        let problem = of_provider(cx, &authorizers, &name)?;
        let mut objects = objects.into_iter();
        let problem = problem.on(objects.next()).field(PROVIDER);
        Some(objects.fold(problem, |problem, other| {
            problem.related_object(other, PROVIDER, "this policy names the provider, too")
        }))
    });
    problems.collect()
}

/// What is wrong with the provider of this name.
fn of_provider(cx: &Context<'_>, authorizers: &Authorizers<'_>, name: &str) -> Option<Problem> {
    const CONSEQUENCE: &str = "every request that the policy matches is denied";
    let providers = &cx.mesh.config.extension_providers;
    let declared = providers.iter().find(|provider| provider.name == name);
    if !authorizers.contains(name) {
        let (why, help) = match declared {
            Some(_) => (
                format!("provider `{name}` of the mesh configuration is no external authorizer"),
                "name a provider with `envoyExtAuthzGrpc` or `envoyExtAuthzHttp`",
            ),
            None => (
                format!("the mesh configuration has no provider `{name}`"),
                "add it to `extensionProviders` of the mesh configuration, or name one that is there",
            ),
        };
        return Some(Problem::new(Code::AuthorizationProvider, format!("{why}: {CONSEQUENCE}")).help(help));
    }
    let Some(unusable) = authorizers.unusable(name) else { return other_port(cx, declared?) };
    let http = declared.and_then(|provider| provider.envoy_ext_authz_http.as_ref()).map(|http| &http.service);
    let grpc = declared.and_then(|provider| provider.envoy_ext_authz_grpc.as_ref()).map(|grpc| &grpc.service);
    let service = http.or(grpc).map_or("", Str::as_str);
    let (why, help) = match unusable {
        Unusable::Service => (
            format!(
                "no Service and no ServiceEntry has the host `{service}` of provider `{name}`, or several have"
            ),
            "name the host as `<name>.<namespace>.svc.cluster.local`, or add the Service",
        ),
        other => (
            format!("provider `{name}` of the mesh configuration cannot be asked: {other}"),
            "correct the provider in the mesh configuration",
        ),
    };
    Some(Problem::new(Code::AuthorizationProvider, format!("{why}: {CONSEQUENCE}")).help(help))
}

/// What is wrong with a provider that can be asked: its Service has no such port, so that nobody answers.
fn other_port(cx: &Context<'_>, provider: &ExtensionProvider) -> Option<Problem> {
    let (service, port) = without_port(&cx.mesh.services, provider)?;
    let grpc = provider.envoy_ext_authz_grpc.as_ref().is_some_and(|grpc| grpc.fail_open);
    let http = provider.envoy_ext_authz_http.as_ref().is_some_and(|http| http.fail_open);
    let consequence = if grpc || http {
        "nobody is asked, and every request is let through"
    } else {
        "every request that the policy matches is denied"
    };
    let message = format!(
        "provider `{}` of the mesh configuration is asked at port {port} of `{}`, which has no such port{}: \
         {consequence}",
        provider.name,
        service.hostname,
        ports::what_it_is(service, port),
    );
    let help = format!("{}, in the mesh configuration", ports::help(service, port));
    let problem = Problem::new(Code::AuthorizationProvider, message).help(help);
    Some(problem.related_object(service.source.object(), "spec.ports", "this Service has other ports"))
}

/// Policies that name another provider than one before them for the same target.
fn of_several(cx: &Context<'_>, custom: &[&Enforced<'_>]) -> Vec<Problem> {
    let mut first: HashMap<ServiceId, &Enforced<'_>> = HashMap::default();
    let mut told: HashSet<(ObjectRef, ObjectRef)> = HashSet::default();
    let mut found = Vec::new();
    for enforced in custom {
        for (id, _) in &enforced.services {
            let one = *first.entry(*id).or_insert(*enforced);
            let pair = (one.policy.object_ref(), enforced.policy.object_ref());
            if provider(one) == provider(enforced) || !told.insert(pair) {
                continue;
            }
            let Some(service) = cx.mesh.services.get(*id) else { continue };
            let message = format!(
                "a second provider, `{}`, for {}, which has `{}`: only one can be asked, so that every \
                 request that a policy matches is denied",
                provider(enforced),
                service.source.object(),
                provider(one),
            );
            let problem = Problem::new(Code::AuthorizationProvider, message)
                .on(enforced.policy.object_ref())
                .field(PROVIDER)
                .help(
                    "name one provider in all policies, or set PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS",
                )
                .related_object(one.policy.object_ref(), PROVIDER, "this policy names the other provider");
            found.push(problem);
        }
    }
    found
}
