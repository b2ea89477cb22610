//! Classes of Gateways: which controller answers for each, and what Istio writes into the status of a class.

use std::collections::BTreeMap;

use super::condition::{Condition, Status};
use super::scope;
use crate::controllers::{AGENTGATEWAY, AGENTGATEWAY_CLASS, networks_have_gateways};
use crate::features::Features;
use crate::mesh::Mesh;
use crate::snapshot::{Kind, ObjectRef};
use crate::well_known::{EAST_WEST_CLASS, REMOTE_CLASS, WAYPOINT_CLASS, WAYPOINT_CONTROLLER};

/// A controller of Gateways that Istio is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Controller {
    /// Of gateways for ingress and egress.
    Gateway,
    /// Of gateways in other clusters, which somebody else runs.
    Remote,
    /// Of waypoints.
    Waypoint,
    /// Of gateways between networks.
    EastWest,
}

impl Controller {
    /// The name by which a class names it.
    fn name(self, features: &Features) -> &str {
        match self {
            Self::Gateway => &features.pilot_gateway_api_controller_name,
            Self::Remote => "istio.io/unmanaged-gateway",
            Self::Waypoint => WAYPOINT_CONTROLLER,
            Self::EastWest => "istio.io/eastwest-controller",
        }
    }

    /// Whether what it deploys is called as the Gateway alone, without its class.
    pub(super) const fn has_plain_names(self) -> bool {
        matches!(self, Self::Waypoint | Self::EastWest)
    }
}

/// The controllers of classes.
pub(super) struct Classes<'m> {
    mesh: &'m Mesh,
    by_name: BTreeMap<&'m str, Controller>,
}

impl<'m> Classes<'m> {
    pub(super) fn new(mesh: &'m Mesh) -> Self {
        let features = &mesh.options.features;
        let known = |name: &str| controllers(mesh).into_iter().rfind(|c| c.name(features) == name);
        let classes =
            mesh.snapshot.gateway_classes.iter().filter(|class| scope::is_of_revision(mesh, &class.meta));
        let by_name = classes
            .filter_map(|class| Some((class.meta.name.as_str(), known(&class.spec.controller_name)?)))
            .collect();
        Self { mesh, by_name }
    }

    /// The controller of a class, if it is one of Istio's. Istio's own classes need not be there.
    pub(super) fn controller(&self, class: &str) -> Option<Controller> {
        let built_in = || built_in(self.mesh).into_iter().rfind(|(name, _)| *name == class);
        self.by_name.get(class).copied().or_else(|| built_in().map(|(_, controller)| controller))
    }
}

/// The controllers that run.
fn controllers(mesh: &Mesh) -> Vec<Controller> {
    built_in(mesh).into_iter().map(|(_, controller)| controller).collect()
}

/// The classes that Istio makes, if they are not there. Of two with one name the later one counts.
fn built_in(mesh: &Mesh) -> Vec<(&str, Controller)> {
    let features = &mesh.options.features;
    let mut classes =
        vec![(features.pilot_gateway_api_default_gatewayclass_name.as_str(), Controller::Gateway)];
    if networks_have_gateways(&mesh.rules.networks, features) {
        classes.push((REMOTE_CLASS, Controller::Remote));
    }
    classes.push((WAYPOINT_CLASS, Controller::Waypoint));
    if features.ambient_enable_multi_network {
        classes.push((EAST_WEST_CLASS, Controller::EastWest));
    }
    classes
}

/// The classes of agentgateway that Istio makes, if they are not there, and their controllers: for gateways
/// and for waypoints. None where it is not asked for.
fn of_agentgateway(mesh: &Mesh) -> &'static [(&'static str, &'static str)] {
    const CLASSES: &[(&str, &str)] =
        &[("istio-agentgateway", "istio.io/agentgateway-controller"), (AGENTGATEWAY_CLASS, AGENTGATEWAY)];
    if mesh.options.features.pilot_enable_agentgateway { CLASSES } else { &[] }
}

/// The statuses of the classes that Istio answers for, those of agentgateway's controllers among them.
pub(super) fn statuses(mesh: &Mesh, classes: &Classes<'_>) -> Vec<Status> {
    let others = of_agentgateway(mesh);
    let there = |name: &str| mesh.snapshot.gateway_classes.iter().any(|class| class.meta.name == name);
    let made = built_in(mesh).into_iter().map(|(name, _)| name).chain(others.iter().map(|(name, _)| *name));
    let made = made.filter(|name| !there(name));
    let of_others = mesh.snapshot.gateway_classes.iter().filter(|class| {
        let controller = &class.spec.controller_name;
        scope::is_of_revision(mesh, &class.meta) && others.iter().any(|(_, known)| controller == known)
    });
    let of_others = of_others.map(|class| class.meta.name.as_str());
    let names = made.chain(classes.by_name.keys().copied()).chain(of_others);
    names
        .map(|name| {
            let mut status = Status::of(ObjectRef::new(Kind::GatewayClass, "", name));
            let accepted = Condition::new("Accepted", true, "Accepted", "Handled by Istio controller");
            status.conditions.push(accepted);
            status
        })
        .collect()
}
