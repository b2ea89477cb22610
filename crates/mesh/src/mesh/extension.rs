//! Extensions of a waypoint's Envoy, Wasm or Lua: `WasmPlugin` and `TrafficExtension`.
//!
//! Sources: [WasmPlugin](https://istio.io/latest/docs/reference/config/proxy_extensions/wasm-plugin/) and the
//! `TrafficExtension` of Istio's API, into which later releases translate every WasmPlugin.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::Str;
use crate::admission::syntax::is_readable_url;
use crate::mesh::MeshSettings;
use crate::mesh::attachment::{Attach, Attachments, Bound};
use crate::mesh::service::Service;
use crate::mesh::waypoint::Waypoint;
use crate::rules::{ExtensionNames, ExtensionOrder, Rules};
use crate::snapshot::extensions::{
    ExecutionPhase, LuaConfig, PluginPhase, PluginType, TrafficExtension, TrafficSelector, WasmConfig,
    WasmPlugin,
};
use crate::snapshot::selector::{PolicyTargetReference, WorkloadMode, WorkloadSelector};
use crate::snapshot::{Labels, Meta, Object, ObjectRef, Snapshot};

/// Envoy's limit on inline Lua, as Istio enforces it.
const MAX_LUA: usize = 65_536;

/// An extension, from a `WasmPlugin` or a `TrafficExtension`.
#[derive(Clone, Debug, PartialEq)]
pub struct Extension {
    /// The object that it comes from.
    pub object: ObjectRef,
    /// The name of its filter, under which Envoy asks for its configuration.
    pub resource_name: Str,
    /// The name that the plugin has in its own configuration: `namespace.name`.
    pub plugin_name: Str,
    /// Where among the filters it stands.
    pub phase: ExecutionPhase,
    /// What runs.
    pub code: Code,
    meta: Meta,
    selector: Option<WorkloadSelector>,
    target_ref: Option<PolicyTargetReference>,
    target_refs: Vec<PolicyTargetReference>,
    priority: Option<i32>,
    matches: Vec<TrafficSelector>,
}

/// What an extension runs.
#[derive(Clone, Debug, PartialEq)]
pub enum Code {
    /// A Wasm module, fetched by the proxy's agent.
    Wasm(Box<WasmConfig>),
    /// A script.
    Lua(Str),
}

/// What kind of chain filters are sought for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainKind {
    /// The filters of a connection manager. A waypoint's look-up names no port here, so an extension for
    /// certain ports never matches.
    Http,
    /// Network filters, of the chain for this port.
    Network(u32),
}

/// Every [`Extension`] of a mesh, by what it binds to.
#[derive(Clone, Debug)]
pub struct Extensions {
    attachments: Attachments<Extension>,
    rules: &'static Rules,
}

impl Extensions {
    /// Builds the index.
    #[must_use]
    pub fn new(snapshot: &Snapshot, rules: &'static Rules, config: &MeshSettings) -> Self {
        let plugins =
            snapshot.wasm_plugins.iter().filter_map(|p| from_wasm_plugin(p, rules.policies.extension_names));
        let extensions = snapshot.traffic_extensions.iter().filter_map(|e| from_traffic_extension(e));
        let root = &config.root_namespace;
        let attachments = Attachments::new(plugins.chain(extensions).map(Arc::new), rules, root);
        Self { attachments, rules }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.attachments.is_empty()
    }

    /// The extensions for a waypoint's chains, those of the given Service or, without one, those that every
    /// chain has. Those of higher priority come first.
    #[must_use]
    pub fn applicable(
        &self,
        waypoint: &Waypoint,
        service: Option<&Service>,
        chain: ChainKind,
    ) -> Vec<Bound<'_, Extension>> {
        if self.is_empty() {
            return Vec::new();
        }
        let namespaces = self.namespaces(&waypoint.name.namespace, service).into_iter();
        let attached: Vec<_> = namespaces
            .flat_map(|namespace| self.attachments.in_namespace(namespace, waypoint, service))
            .collect();
        let mut found: Vec<_> = self.attachments.at(&attached).filter(|e| e.is_for(chain)).collect();
        // Those without a priority come last: `None` is the least.
        found.sort_by_key(|e| Reverse(e.priority));
        found
    }

    /// The namespaces to look in, in order and each once.
    fn namespaces<'a>(&'a self, own: &'a str, service: Option<&'a Service>) -> Vec<&'a str> {
        let root = self.attachments.root_namespace().as_str();
        let order = match self.rules.policies.extension_order {
            ExtensionOrder::RootFirst => [Some(root), Some(own), None],
            ExtensionOrder::OwnFirst => [Some(own), Some(root), service.map(|s| s.namespace.as_str())],
        };
        let mut namespaces = Vec::with_capacity(order.len());
        for namespace in order.into_iter().flatten() {
            if !namespaces.contains(&namespace) {
                namespaces.push(namespace);
            }
        }
        namespaces
    }
}

impl Attach for Extension {
    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn selector(&self) -> Option<&Labels> {
        self.selector.as_ref().map(|selector| &selector.match_labels)
    }

    fn target_ref(&self) -> Option<&PolicyTargetReference> {
        self.target_ref.as_ref()
    }

    fn target_refs(&self) -> &[PolicyTargetReference] {
        &self.target_refs
    }
}

impl Extension {
    fn is_for(&self, chain: ChainKind) -> bool {
        let network = matches!(&self.code, Code::Wasm(wasm) if wasm.plugin_type == PluginType::Network);
        let port = match chain {
            ChainKind::Http if network => return false,
            ChainKind::Network(_) if !network => return false,
            ChainKind::Http => 0,
            ChainKind::Network(port) => port,
        };
        self.matches.is_empty() || self.matches.iter().any(|m| is_for_servers(m) && is_for_port(m, port))
    }
}

/// A waypoint takes requests: it is a server.
fn is_for_servers(selector: &TrafficSelector) -> bool {
    selector.mode != WorkloadMode::Client
}

fn is_for_port(selector: &TrafficSelector, port: u32) -> bool {
    selector.ports.is_empty() || selector.ports.iter().any(|p| p.number != 0 && p.number == port)
}

fn from_wasm_plugin(plugin: &Object<WasmPlugin>, names: ExtensionNames) -> Option<Extension> {
    let spec = &plugin.spec;
    if !is_readable_url(&spec.url) {
        return None;
    }
    let Meta { namespace, name, .. } = &plugin.meta;
    let (plugin_name, resource_name) = match names {
        ExtensionNames::OfObject => {
            let name = format!("{namespace}.{name}");
            (name.clone(), name)
        }
        ExtensionNames::OfResource => {
            let name = format!("{namespace}.{name}");
            (name.clone(), format!("extensions.istio.io/wasmplugin/{name}"))
        }
        ExtensionNames::Translated => {
            let name = format!("{namespace}.{name}~istio-translated-wasmplugin");
            (name.clone(), resource_name(&name))
        }
    };
    let phase = match spec.phase {
        PluginPhase::Unspecified => ExecutionPhase::Unspecified,
        PluginPhase::Authn => ExecutionPhase::Authn,
        PluginPhase::Authz => ExecutionPhase::Authz,
        PluginPhase::Stats => ExecutionPhase::Stats,
    };
    let wasm = WasmConfig {
        url: spec.url.clone(),
        sha256: spec.sha256.clone(),
        image_pull_policy: spec.image_pull_policy,
        image_pull_secret: spec.image_pull_secret.clone(),
        verification_key: spec.verification_key.clone(),
        plugin_config: spec.plugin_config.clone(),
        plugin_name: spec.plugin_name.clone(),
        fail_strategy: spec.fail_strategy,
        vm_config: spec.vm_config.clone(),
        plugin_type: spec.plugin_type,
    };
    Some(Extension {
        object: plugin.object_ref(),
        resource_name: resource_name.into(),
        plugin_name: plugin_name.into(),
        phase,
        code: Code::Wasm(Box::new(wasm)),
        meta: plugin.meta.clone(),
        selector: spec.selector.clone(),
        target_ref: spec.target_ref.clone(),
        target_refs: spec.target_refs.to_vec(),
        priority: spec.priority,
        matches: spec.matches.clone(),
    })
}

fn from_traffic_extension(extension: &Object<TrafficExtension>) -> Option<Extension> {
    let spec = &extension.spec;
    let code = match (&spec.wasm, &spec.lua) {
        (Some(wasm), _) if is_readable_url(&wasm.url) => Code::Wasm(Box::new(wasm.clone())),
        (None, Some(LuaConfig { inline_code })) if (1..=MAX_LUA).contains(&inline_code.len()) => {
            Code::Lua(inline_code.clone())
        }
        _ => return None,
    };
    let name = format!("{}.{}", extension.meta.namespace, extension.meta.name);
    Some(Extension {
        object: extension.object_ref(),
        resource_name: resource_name(&name).into(),
        plugin_name: name.into(),
        phase: spec.phase,
        code,
        meta: extension.meta.clone(),
        selector: spec.selector.clone(),
        target_ref: None,
        target_refs: spec.target_refs.to_vec(),
        priority: spec.priority,
        matches: spec.matches.clone(),
    })
}

/// The name of the filter of a `TrafficExtension`.
fn resource_name(name: &str) -> String {
    format!("extensions.istio.io/trafficextension/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mesh::attachment::tests::waypoint;
    use crate::release::Release;
    use crate::snapshot::selector::PortSelector;

    fn plugin(name: &str, priority: Option<i32>, spec: WasmPlugin) -> Arc<Object<WasmPlugin>> {
        let meta = Meta { name: name.into(), namespace: "ns".into(), ..Meta::default() };
        let spec = WasmPlugin { url: "oci://example/plugin".into(), priority, ..spec };
        Arc::new(Object { meta, spec, source: crate::snapshot::Source::default() })
    }

    fn applicable(plugins: Vec<Arc<Object<WasmPlugin>>>, chain: ChainKind) -> Vec<String> {
        let snapshot = Snapshot { wasm_plugins: plugins, ..Snapshot::default() };
        let rules = Rules::of(Release::V1_18);
        let extensions = Extensions::new(&snapshot, rules, &MeshSettings::default());
        let waypoint = waypoint("ns", "waypoint");
        let found = extensions.applicable(&waypoint, None, chain);
        found.iter().map(|e| e.plugin_name.to_string()).collect()
    }

    #[test]
    fn the_highest_priority_is_first_and_none_is_last() {
        let plugins = vec![
            plugin("a", None, WasmPlugin::default()),
            plugin("b", Some(-5), WasmPlugin::default()),
            plugin("c", Some(10), WasmPlugin::default()),
            plugin("d", Some(10), WasmPlugin::default()),
        ];
        assert_eq!(applicable(plugins, ChainKind::Http), ["ns.c", "ns.d", "ns.b", "ns.a"]);
    }

    #[test]
    fn ports_never_match_http_chains() {
        let ports =
            TrafficSelector { ports: vec![PortSelector { number: 80 }], ..TrafficSelector::default() };
        let spec = WasmPlugin { matches: vec![ports], ..WasmPlugin::default() };
        assert!(applicable(vec![plugin("a", None, spec.clone())], ChainKind::Http).is_empty());
        let spec = WasmPlugin { plugin_type: PluginType::Network, ..spec };
        assert_eq!(applicable(vec![plugin("a", None, spec.clone())], ChainKind::Network(80)), ["ns.a"]);
        assert!(applicable(vec![plugin("a", None, spec)], ChainKind::Network(81)).is_empty());
    }
}
