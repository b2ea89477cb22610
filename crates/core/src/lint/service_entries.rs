//! ServiceEntries that waypoints serve.

use std::sync::Arc;

use super::Context;
use crate::mesh::{DataPlane, Service, Waypoint};
use crate::snapshot::Object;
use crate::snapshot::networking::ServiceEntry;
use crate::snapshot::networking::service_entry::{Resolution, refuses_addresses};

/// A ServiceEntry that a waypoint serves.
pub(super) struct Served<'m> {
    pub(super) object: &'m Arc<Object<ServiceEntry>>,
    /// Its hosts, as Services.
    pub(super) services: Vec<&'m Service>,
    /// The waypoint: all its hosts have the same.
    pub(super) waypoint: &'m Waypoint,
}

impl Served<'_> {
    /// Whether it has no address and refuses one of Istio's.
    pub(super) fn opts_out(&self) -> bool {
        refuses_addresses(&self.object.meta.labels)
    }

    /// Whether Istio gives a host of it no address, for the entry's resolution.
    pub(super) fn gets_none_for(&self, host: &str) -> bool {
        match self.object.spec.resolution {
            Resolution::None => true,
            Resolution::DynamicDns => false,
            _ => host.contains('*'),
        }
    }
}

/// The ServiceEntries that Envoy waypoints serve. Where objects do not name their waypoint, as in 1.18, that
/// says little: clients never use one for them.
pub(super) fn served<'a, 'm>(cx: &'a Context<'m>) -> impl Iterator<Item = Served<'m>> + use<'a, 'm> {
    cx.snapshot.service_entries.iter().filter_map(|object| {
        let mut waypoint = None;
        let mut services = Vec::new();
        for (id, service) in cx.services_of(&object.object_ref()) {
            if let Some(found) = cx.waypoint_of(id) {
                waypoint = Some(found);
                services.push(service);
            }
        }
        let waypoint = waypoint.filter(|waypoint| waypoint.data_plane == DataPlane::Envoy)?;
        Some(Served { object, services, waypoint })
    })
}
