//! `zero-weights`: rules of Gateway API routes whose backends all have the weight 0.
//!
//! Istio refuses a VirtualService like that.

use crate::lint::gateway_routes::{self, GatewayRoute};
use crate::lint::{Context, Rule};
use crate::problem::{Code, Problem};
use crate::snapshot::Kind;

pub(super) const RULE: Rule = Rule::new(Code::ZeroWeights, include_str!("zero_weights.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let routes = gateway_routes::all(cx.snapshot).filter(|route| cx.routing().has(&route.object));
    routes.flat_map(|route| of_route(&route)).collect()
}

fn of_route(route: &GatewayRoute<'_>) -> Vec<Problem> {
    let weightless = route.rules.iter().enumerate().filter(|(_, rule)| {
        !rule.backends.is_empty() && rule.backends.iter().all(|to| to.weight == Some(0)) && !rule.redirects()
    });
    let what = match route.object.kind {
        Kind::HttpRoute => "requests that it matches are answered with an error 500",
        Kind::GrpcRoute => "calls that it matches are answered with an error",
        _ => "connections that it takes fail",
    };
    weightless
        .map(|(i, _)| {
            Problem::new(Code::ZeroWeights, format!("all backends of the rule have the weight 0: {what}"))
                .on(route.object.clone())
                .field(format!("spec.rules[{i}].backendRefs"))
                .help("give one of the backends a weight above 0, or remove the rule")
        })
        .collect()
}
