//! `extensions.istio.io`: Wasm and Lua in the proxy.
#![allow(missing_docs, reason = "the fields are those of the API type of the same name")]

use super::Given;
use super::message::{choice, message};
use super::selector::{PolicyTargetReference, PortSelector, WorkloadMode, WorkloadSelector};
use crate::Str;

/// A `google.protobuf.Struct`: whatever the plugin, or Envoy, takes.
pub type Struct = serde_json::Map<String, serde_json::Value>;

message! {
    /// The spec of a `WasmPlugin`.
    pub struct WasmPlugin {
        selector: Option<WorkloadSelector>,
        target_ref: Option<PolicyTargetReference>,
        target_refs: Given<Vec<PolicyTargetReference>>,
        url: Str,
        sha256: Str,
        image_pull_policy: PullPolicy,
        image_pull_secret: Str,
        verification_key: Str,
        plugin_config: Option<Struct>,
        plugin_name: Str,
        phase: PluginPhase,
        priority: Option<i32>,
        fail_strategy: FailStrategy,
        vm_config: Option<VmConfig>,
        #[serde(rename = "match")]
        matches: Vec<TrafficSelector>,
        #[serde(rename = "type")]
        plugin_type: PluginType,
    }

    /// The spec of a `TrafficExtension`, since 1.30: what a `WasmPlugin` does, or Lua.
    pub struct TrafficExtension {
        selector: Option<WorkloadSelector>,
        target_refs: Given<Vec<PolicyTargetReference>>,
        phase: ExecutionPhase,
        priority: Option<i32>,
        #[serde(rename = "match")]
        matches: Vec<TrafficSelector>,
        wasm: Option<WasmConfig>,
        lua: Option<LuaConfig>,
    }

    pub struct WasmConfig {
        url: Str,
        sha256: Str,
        image_pull_policy: PullPolicy,
        image_pull_secret: Str,
        verification_key: Str,
        plugin_config: Option<Struct>,
        plugin_name: Str,
        fail_strategy: FailStrategy,
        vm_config: Option<VmConfig>,
        #[serde(rename = "type")]
        plugin_type: PluginType,
    }

    pub struct LuaConfig {
        inline_code: Str,
    }

    /// Which traffic of a workload a plugin sees.
    pub struct TrafficSelector {
        mode: WorkloadMode,
        ports: Vec<PortSelector>,
    }

    pub struct VmConfig {
        env: Vec<EnvVar>,
    }

    pub struct EnvVar {
        name: Str,
        value_from: EnvValueSource,
        value: Str,
    }
}

choice! {
    pub enum PluginPhase {
        Unspecified = "UNSPECIFIED_PHASE",
        Authn = "AUTHN",
        Authz = "AUTHZ",
        Stats = "STATS",
    }

    pub enum ExecutionPhase {
        Unspecified = "UNSPECIFIED",
        Authn = "AUTHN",
        Authz = "AUTHZ",
        Stats = "STATS",
    }

    pub enum PluginType {
        Unspecified = "UNSPECIFIED_PLUGIN_TYPE",
        Http = "HTTP",
        Network = "NETWORK",
    }

    pub enum PullPolicy {
        Unspecified = "UNSPECIFIED_POLICY",
        IfNotPresent = "IfNotPresent",
        Always = "Always",
    }

    pub enum FailStrategy {
        FailClose = "FAIL_CLOSE",
        FailOpen = "FAIL_OPEN",
        FailReload = "FAIL_RELOAD",
    }

    pub enum EnvValueSource {
        Inline = "INLINE",
        Host = "HOST",
    }
}
