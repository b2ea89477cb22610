//! Kubernetes' own kinds, with the fields that Istio's registry of services and workloads reads.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use std::collections::BTreeMap;

use super::message::{IntOrString, message};
use crate::Str;
use crate::snapshot::{Labels, Meta};

message! {
    /// A `Namespace`: only its metadata counts.
    pub struct Namespace {}

    /// A `Node`: its labels count, for the locality of its pods, and the addresses in its status.
    pub struct Node {
        #[serde(skip)]
        status: NodeStatus,
    }

    pub struct NodeStatus {
        addresses: Vec<NodeAddress>,
    }

    pub struct NodeAddress {
        #[serde(rename = "type")]
        address_type: Str,
        address: Str,
    }

    /// A `ServiceAccount`: only its name counts.
    pub struct ServiceAccount {}

    /// The spec of a `Service`, and its status.
    pub struct Service {
        #[serde(rename = "type")]
        service_type: Str,
        #[serde(rename = "clusterIP")]
        cluster_ip: Str,
        #[serde(rename = "clusterIPs")]
        cluster_ips: Vec<Str>,
        #[serde(rename = "externalIPs")]
        external_ips: Vec<Str>,
        external_name: Str,
        ports: Vec<ServicePort>,
        selector: Labels,
        session_affinity: Str,
        internal_traffic_policy: Option<Str>,
        external_traffic_policy: Str,
        traffic_distribution: Option<Str>,
        publish_not_ready_addresses: bool,
        ip_families: Vec<Str>,
        ip_family_policy: Option<Str>,
        #[serde(rename = "loadBalancerIP")]
        load_balancer_ip: Str,
        #[serde(skip)]
        status: ServiceStatus,
    }

    pub struct ServicePort {
        name: Str,
        protocol: Str,
        app_protocol: Option<Str>,
        port: i32,
        target_port: Option<IntOrString>,
        node_port: i32,
    }

    pub struct ServiceStatus {
        load_balancer: LoadBalancerStatus,
    }

    pub struct LoadBalancerStatus {
        ingress: Vec<LoadBalancerIngress>,
    }

    pub struct LoadBalancerIngress {
        ip: Str,
        hostname: Str,
    }

    /// The spec of a `Pod`, and its status.
    pub struct Pod {
        service_account_name: Str,
        /// The old name of the former; the API server copies it.
        service_account: Str,
        node_name: Str,
        host_network: bool,
        hostname: Str,
        subdomain: Str,
        containers: Vec<Container>,
        init_containers: Vec<Container>,
        #[serde(skip)]
        status: PodStatus,
    }

    /// What a Deployment, and others that make pods, say of them.
    pub struct PodController {
        replicas: Option<i32>,
        selector: PodSelector,
        template: PodTemplate,
        /// Of a Rollout: the object whose template it takes, instead of having one.
        workload_ref: Option<WorkloadReference>,
    }

    pub struct WorkloadReference {
        kind: Str,
        name: Str,
    }

    /// Expressions are left aside: nobody reads them here.
    pub struct PodSelector {
        match_labels: Labels,
    }

    pub struct PodTemplate {
        metadata: Meta,
        spec: Pod,
    }

    pub struct Container {
        name: Str,
        image: Str,
        ports: Vec<ContainerPort>,
        restart_policy: Option<Str>,
    }

    pub struct ContainerPort {
        name: Str,
        container_port: i32,
        protocol: Str,
    }

    pub struct PodStatus {
        phase: Str,
        reason: Str,
        #[serde(rename = "podIP")]
        pod_ip: Str,
        #[serde(rename = "podIPs")]
        pod_ips: Vec<PodIp>,
        #[serde(rename = "hostIP")]
        host_ip: Str,
        conditions: Vec<PodCondition>,
    }

    pub struct PodIp {
        ip: Str,
    }

    pub struct PodCondition {
        #[serde(rename = "type")]
        condition_type: Str,
        status: Str,
    }

    /// An `EndpointSlice`.
    pub struct EndpointSlice {
        address_type: Str,
        endpoints: Vec<Endpoint>,
        ports: Vec<EndpointPort>,
    }

    pub struct Endpoint {
        addresses: Vec<Str>,
        conditions: EndpointConditions,
        hostname: Option<Str>,
        target_ref: Option<ObjectReference>,
        node_name: Option<Str>,
        zone: Option<Str>,
        deprecated_topology: BTreeMap<Str, Str>,
    }

    pub struct EndpointConditions {
        ready: Option<bool>,
        serving: Option<bool>,
        terminating: Option<bool>,
    }

    pub struct EndpointPort {
        name: Option<Str>,
        protocol: Option<Str>,
        port: Option<i32>,
        app_protocol: Option<Str>,
    }

    pub struct ObjectReference {
        kind: Str,
        namespace: Str,
        name: Str,
        uid: Str,
    }

    /// A v1 `Endpoints`, from before EndpointSlices.
    pub struct Endpoints {
        subsets: Vec<EndpointSubset>,
    }

    pub struct EndpointSubset {
        addresses: Vec<EndpointAddress>,
        not_ready_addresses: Vec<EndpointAddress>,
        ports: Vec<EndpointPort>,
    }

    pub struct EndpointAddress {
        ip: Str,
        hostname: Str,
        node_name: Option<Str>,
        target_ref: Option<ObjectReference>,
    }

    /// A `ConfigMap`: `istio` holds the MeshConfig.
    pub struct ConfigMap {
        data: BTreeMap<Str, Str>,
    }

    /// A `Secret`: only its name and type count; its data is never read.
    pub struct Secret {
        #[serde(rename = "type")]
        secret_type: Str,
    }
}
