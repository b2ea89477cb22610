//! How each kind of object says what it is for.

use super::Attach;
use crate::snapshot::networking::{EnvoyFilter, ProxyConfig};
use crate::snapshot::security::{AuthorizationPolicy, PeerAuthentication, RequestAuthentication};
use crate::snapshot::selector::PolicyTargetReference;
use crate::snapshot::telemetry::Telemetry;
use crate::snapshot::{Labels, Meta, Object};

/// Policies select workloads, or refer to something.
macro_rules! policies {
    ($($kind:ty),*) => {$(
        impl Attach for Object<$kind> {
            fn meta(&self) -> &Meta {
                &self.meta
            }

            fn selector(&self) -> Option<&Labels> {
                self.spec.selector.as_ref().map(|selector| &selector.match_labels)
            }

            fn target_ref(&self) -> Option<&PolicyTargetReference> {
                self.spec.target_ref.as_ref()
            }

            fn target_refs(&self) -> &[PolicyTargetReference] {
                &self.spec.target_refs
            }
        }
    )*};
}

policies!(AuthorizationPolicy, RequestAuthentication, Telemetry);

impl Attach for Object<EnvoyFilter> {
    const SELECTOR: &'static str = "spec.workloadSelector.labels";

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn selector(&self) -> Option<&Labels> {
        self.spec.workload_selector.as_ref().map(|selector| &selector.labels)
    }

    fn target_refs(&self) -> &[PolicyTargetReference] {
        &self.spec.target_refs
    }
}

/// It is for workloads only.
macro_rules! workload_policies {
    ($($kind:ty),*) => {$(
        impl Attach for Object<$kind> {
            fn meta(&self) -> &Meta {
                &self.meta
            }

            fn selector(&self) -> Option<&Labels> {
                self.spec.selector.as_ref().map(|selector| &selector.match_labels)
            }
        }
    )*};
}

workload_policies!(PeerAuthentication, ProxyConfig);
