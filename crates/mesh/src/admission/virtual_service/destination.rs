//! Where a VirtualService routes to.

use super::headers;
use crate::admission::check::Checker;
use crate::admission::destination_rule::subset_name;
use crate::admission::{common, syntax};
use crate::snapshot::networking::virtual_service::{Destination, HttpRouteDestination, RouteDestination};

pub(super) fn http(c: &Checker<'_>, routes: &[HttpRouteDestination]) {
    c.each("route", routes, |c, route| {
        required(c, route.destination.as_ref());
        c.some("headers", route.headers.as_ref(), |c, operations| {
            headers::check(c, operations, c.rules.destination_authority);
        });
        weight(c, route.weight);
    });
    total(c, routes.iter().map(|route| route.weight));
}

pub(super) fn l4(c: &Checker<'_>, routes: &[RouteDestination]) {
    c.each("route", routes, |c, route| {
        required(c, route.destination.as_ref());
        weight(c, route.weight);
    });
    total(c, routes.iter().map(|route| route.weight));
}

fn required(c: &Checker<'_>, destination: Option<&Destination>) {
    match destination {
        None => c.field("destination").missing("a route needs a destination"),
        Some(destination) => check(&c.field("destination"), destination),
    }
}

pub(super) fn check(c: &Checker<'_>, destination: &Destination) {
    if destination.host == "*" {
        c.field("host").invalid("`*` is no destination");
    } else if let Err(refusal) = syntax::wildcard_host_name(&destination.host) {
        c.field("host").invalid(refusal);
    }
    if !destination.subset.is_empty() {
        subset_name(&c.field("subset"), &destination.subset);
    }
    c.some("port", destination.port.as_ref(), |c, port| common::port(&c.field("number"), port.number));
}

fn weight(c: &Checker<'_>, weight: i32) {
    if weight < 0 {
        c.field("weight").invalid(format!("the weight {weight} is negative"));
    }
}

fn total(c: &Checker<'_>, weights: impl ExactSizeIterator<Item = i32>) {
    // The sum is one of 32 bits, which may wrap around.
    if weights.len() > 1 && weights.fold(0, i32::wrapping_add) == 0 {
        c.field("route").invalid("the weights add up to 0");
    }
}
