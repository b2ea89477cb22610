//! `address-allocated`: ServiceEntries whose addresses are not known from files.

use crate::lint::service_entries::{Served, served};
use crate::lint::{Context, Releases, Rule, list};
use crate::problem::{Code, Problem};
use crate::release::Release;

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::AddressAllocated, include_str!("address_allocated.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    served(cx).filter_map(|entry| problem(&entry)).collect()
}

fn problem(entry: &Served<'_>) -> Option<Problem> {
    let known = &entry.object.spec.status.addresses;
    let is_known = |host: &str| known.iter().any(|address| address.host == host);
    let assumed = entry.services.iter().filter(|service| {
        service.addresses.is_empty() && !service.auto_allocated.is_empty() && !is_known(&service.hostname)
    });
    let hosts: Vec<&str> = assumed.map(|service| service.hostname.as_str()).collect();
    hosts.first()?;
    let verb = if hosts.len() == 1 { "has" } else { "have" };
    let message = format!(
        "{} {verb} no address: Istio allocates one, which depends on the other entries of the cluster and is assumed here",
        list::few(&hosts)
    );
    Some(Problem::new(Code::AddressAllocated, message).on(entry.object.object_ref()).help(
        "read the entry with its status from the cluster, or give it an address of its own in `spec.addresses`",
    ))
}
