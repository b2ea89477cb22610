//! Kubernetes' own kinds: what the API server asks of them, the same for every release of Istio.
//!
//! Istio takes what the API server has stored, and validates none of it. A snapshot from files was stored
//! nowhere, so that it is asked here. Only what is written is looked at, with what the API server itself
//! fills in: a snapshot may leave out what Istio does not read, such as the containers of a Pod.
//!
//! What the API server refuses is an error. Most of it is **read all the same**: Istio makes something of a
//! Service with port 70000, too, and whoever refers to the Service should not be told that there is none. An
//! object with an **address that is none** is left out: there is nothing to be made of it.
//!
//! Source: `ValidateService`, `ValidatePod`, … in Kubernetes' `pkg/apis/core/validation` and
//! `pkg/apis/discovery/validation`.

mod common;
mod config_map;
mod controller;
mod endpoint_slice;
mod endpoints;
mod network_policy;
mod node;
mod pod;
mod service;

use std::sync::Arc;

use super::Pass;
use super::check::Checker;
use crate::snapshot::{Meta, Object, Resource, Snapshot};

pub(super) use controller::controllers;

/// Passes Kubernetes' own kinds through the API server.
pub(super) fn objects(pass: &mut Pass<'_>, s: &mut Snapshot) {
    pass.over_stored(&mut s.nodes, |c, _, node| node::check(c, node));
    pass.over_stored(&mut s.services, service::check);
    pass.over_stored(&mut s.endpoints, |c, _, endpoints| endpoints::check(c, endpoints));
    pass.over_stored(&mut s.endpoint_slices, |c, _, slice| endpoint_slice::check(c, slice));
    pass.over_stored(&mut s.pods, |c, _, pod| pod::check(c, pod));
    pass.over_stored(&mut s.network_policies, |c, _, policy| network_policy::check(c, policy));
    pass.over_stored(&mut s.config_maps, |c, _, config_map| config_map::check(c, config_map));
}

impl Pass<'_> {
    /// Keeps what passes the check. What is assumed passes: what it is made from is checked itself.
    fn over_stored<T: Resource>(
        &mut self,
        list: &mut Vec<Arc<Object<T>>>,
        check: impl Fn(&Checker<'_>, &Meta, &T),
    ) {
        list.retain(|object| {
            object.meta.is_assumed()
                || self.passes(&object.object_ref(), |c| check(c, &object.meta, &object.spec))
        });
    }
}

#[cfg(test)]
mod tests;
