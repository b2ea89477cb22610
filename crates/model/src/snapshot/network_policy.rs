//! Kubernetes' `NetworkPolicy`. Istio reads none: the network's plugin enforces them, on the ports and
//! addresses that ambient mode uses.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use super::message::{IntOrString, message};
use super::selector::LabelSelector;
use crate::Str;

message! {
    /// The spec of a `NetworkPolicy`.
    pub struct NetworkPolicy {
        pod_selector: LabelSelector,
        policy_types: Vec<Str>,
        ingress: Vec<NetworkPolicyIngressRule>,
        egress: Vec<NetworkPolicyEgressRule>,
    }

    /// Connections that pods take; without ports or peers those to any port, from anybody.
    pub struct NetworkPolicyIngressRule {
        ports: Vec<NetworkPolicyPort>,
        from: Vec<NetworkPolicyPeer>,
    }

    /// Connections that pods open.
    pub struct NetworkPolicyEgressRule {
        ports: Vec<NetworkPolicyPort>,
        to: Vec<NetworkPolicyPeer>,
    }

    /// A port, or all from `port` to `end_port`; without a port all of the protocol.
    pub struct NetworkPolicyPort {
        protocol: Option<Str>,
        port: Option<IntOrString>,
        end_port: Option<i32>,
    }

    /// Pods, or addresses.
    pub struct NetworkPolicyPeer {
        pod_selector: Option<LabelSelector>,
        namespace_selector: Option<LabelSelector>,
        ip_block: Option<IpBlock>,
    }

    pub struct IpBlock {
        cidr: Str,
        except: Vec<Str>,
    }
}

impl NetworkPolicyPort {
    /// Whether it is of TCP, as one is that says nothing else.
    #[must_use]
    pub fn is_tcp(&self) -> bool {
        self.protocol.as_deref().is_none_or(|protocol| protocol == "TCP")
    }

    /// Whether a port of TCP is among these. Names are those of containers' ports.
    #[must_use]
    pub fn has_tcp(&self, number: u16) -> bool {
        let has_number = match &self.port {
            None => true,
            Some(IntOrString::Name(_)) => false,
            Some(IntOrString::Int(first)) => {
                let last = self.end_port.map_or(*first, i64::from);
                (*first..=last).contains(&i64::from(number))
            }
        };
        self.is_tcp() && has_number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_has_a_number_a_range_or_all() {
        let port = |protocol: Option<&'static str>, port, end_port| NetworkPolicyPort {
            protocol: protocol.map(Str::new_static),
            port,
            end_port,
        };
        assert!(port(None, None, None).has_tcp(15008));
        assert!(port(Some("TCP"), Some(IntOrString::Int(15008)), None).has_tcp(15008));
        assert!(port(None, Some(IntOrString::Int(8000)), Some(16000)).has_tcp(15008));
        assert!(!port(None, Some(IntOrString::Int(8080)), None).has_tcp(15008));
        assert!(!port(Some("UDP"), None, None).has_tcp(15008));
        assert!(!port(None, Some(IntOrString::Name("http".into())), None).has_tcp(15008));
    }
}
