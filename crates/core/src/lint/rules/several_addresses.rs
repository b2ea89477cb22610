//! `several-addresses`: ServiceEntries of whose addresses a waypoint knows one.

use std::collections::BTreeSet;

use crate::lint::service_entries::{Served, served};
use crate::lint::{Context, Releases, Rule, list};
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::snapshot::networking::service_entry::Resolution;

pub(super) const RULE: Rule = Rule {
    releases: Releases::Since(Release::V1_29),
    ..Rule::new(Code::SeveralAddresses, include_str!("several_addresses.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    served(cx).filter_map(|entry| problem(&entry)).collect()
}

fn problem(entry: &Served<'_>) -> Option<Problem> {
    let service = entry.services.first()?;
    let different: BTreeSet<_> = service.addresses.iter().collect();
    if different.len() < 2 {
        return None;
    }
    let message = format!(
        "waypoint `{}` gets a chain for one of the addresses {} only, and which one is left to chance: \
         it refuses what clients send to the others",
        entry.waypoint.name,
        list::few(&entry.object.spec.addresses)
    );
    Some(
        Problem::new(Code::SeveralAddresses, message)
            .on(entry.object.object_ref())
            .field("spec.addresses")
            .help(match entry.object.spec.resolution {
                Resolution::None => "leave one address, or one range that has all of them",
                _ => "leave one address, or none, so that Istio allocates one",
            }),
    )
}
