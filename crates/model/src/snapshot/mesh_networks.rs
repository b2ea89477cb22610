//! `istio.mesh.v1alpha1.MeshNetworks`: which endpoints are in which network, and the gateways to each.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::ObjectRef;
use super::message::message;
use super::proto_json::ProtoJson;
use crate::Str;

message! {
    /// The networks of a mesh, by their names.
    pub struct MeshNetworks {
        networks: BTreeMap<Str, Network>,
        /// The object that they stand in.
        #[serde(skip)]
        origin: Option<ObjectRef>,
    }

    pub struct Network {
        endpoints: Vec<NetworkEndpoints>,
        gateways: Vec<IstioNetworkGateway>,
    }

    /// Endpoints of a network: those of addresses, or of a cluster.
    pub struct NetworkEndpoints {
        from_cidr: Option<Str>,
        from_registry: Option<Str>,
    }

    /// A gateway to a network: at an address, or of a Service of the network's cluster.
    pub struct IstioNetworkGateway {
        registry_service_name: Option<Str>,
        address: Option<Str>,
        port: u32,
        locality: Str,
    }
}

impl MeshNetworks {
    /// Reads networks, whose fields may be spelled in snake_case.
    pub fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(ProtoJson(deserializer))
    }
}
