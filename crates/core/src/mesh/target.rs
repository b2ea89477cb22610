//! What a policy is for: `selector`, `targetRef` and `targetRefs`.
//!
//! Source: [Istio's policy attachment](https://istio.io/latest/docs/ambient/usage/l7-features/#targeting-policies-or-routing-rules).

use crate::mesh::service::{Service, ServiceSource};
use crate::mesh::waypoint::Waypoint;
use crate::rules::{PolicyAttachment, Rules};
use crate::snapshot::Labels;
use crate::snapshot::selector::PolicyTargetReference;

/// The class of Gateways that are waypoints.
pub(crate) const WAYPOINT_CLASS: &str = "istio-waypoint";

/// What a policy says it is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PolicyTarget<'p> {
    /// The policy's namespace.
    pub(crate) namespace: &'p str,
    /// The labels of the workloads it selects.
    pub(crate) selector: Option<&'p Labels>,
    /// What it refers to, in releases that know that.
    pub(crate) refs: &'p [PolicyTargetReference],
}

impl<'p> PolicyTarget<'p> {
    /// A policy's target; the older, single reference counts where there is no list.
    pub(crate) fn new(
        namespace: &'p str,
        selector: Option<&'p Labels>,
        single: Option<&'p PolicyTargetReference>,
        refs: &'p [PolicyTargetReference],
    ) -> Self {
        let refs = if refs.is_empty() { single.map_or(&[][..], std::slice::from_ref) } else { refs };
        Self { namespace, selector, refs }
    }

    /// Whether the policy names nothing, and so is for its whole namespace.
    pub(crate) fn is_namespace_wide(&self) -> bool {
        self.refs.is_empty() && self.selector.is_none_or(Labels::is_empty)
    }

    /// Whether a policy binds to a waypoint's chains, by what it selects or refers to. With a Service, this is about
    /// the chains of that Service; without, about what every chain has.
    ///
    /// In the first releases the labels of the waypoint's own pod are selected; in later ones a selector never
    /// matches a waypoint, and a policy has to refer to something.
    pub(crate) fn binds_to(&self, scope: &TargetScope<'_>, services: &[&Service]) -> bool {
        match scope.rules.policies.attachment {
            PolicyAttachment::Selector => {
                self.selector.is_none_or(|labels| labels.is_subset(&scope.waypoint.proxy.labels))
            }
            PolicyAttachment::TargetRefs => {
                self.refs.iter().any(|target| self.refers_to(target, scope, services))
            }
        }
    }

    /// Whether a policy binds to the waypoint's pod as to any other workload: by a selector or, if it refers to
    /// something, by a reference to the Gateway.
    pub(crate) fn binds_to_pod(&self, scope: &TargetScope<'_>) -> bool {
        if self.refs.is_empty() {
            self.selector.is_none_or(|labels| labels.is_subset(&scope.waypoint.proxy.labels))
        } else {
            self.refs.iter().any(|target| target.kind == "Gateway" && self.refers_to(target, scope, &[]))
        }
    }

    fn refers_to(
        &self,
        target: &PolicyTargetReference,
        scope: &TargetScope<'_>,
        services: &[&Service],
    ) -> bool {
        let group = if target.group.is_empty() { "core" } else { target.group.as_str() };
        // The core group's name is empty; Istio takes "core" too.
        match (group, target.kind.as_str()) {
            ("core", "Service") => services
                .iter()
                .any(|s| matches!(s.source, ServiceSource::Kubernetes(_)) && self.names(target, s)),
            ("networking.istio.io", "ServiceEntry") => services
                .iter()
                .any(|s| matches!(s.source, ServiceSource::ServiceEntry(_)) && self.names(target, s)),
            ("gateway.networking.k8s.io", "GatewayClass") => {
                self.namespace == scope.root_namespace && target.name == WAYPOINT_CLASS
            }
            ("gateway.networking.k8s.io", "Gateway") => {
                let name = &scope.waypoint.name;
                // A reference into another namespace never matches.
                self.namespace == name.namespace
                    && (target.namespace.is_empty() || target.namespace == name.namespace)
                    && target.name == name.name
            }
            _ => false,
        }
    }

    /// Whether a reference names a Service or ServiceEntry; it has to be in the policy's namespace, whatever the
    /// reference says of namespaces.
    fn names(&self, target: &PolicyTargetReference, service: &Service) -> bool {
        self.namespace == service.namespace && target.name == *service.object_name()
    }
}

/// Whom a target is compared with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TargetScope<'a> {
    /// The waypoint.
    pub(crate) waypoint: &'a Waypoint,
    /// The mesh's root namespace.
    pub(crate) root_namespace: &'a str,
    /// The release's rules.
    pub(crate) rules: &'static Rules,
}
