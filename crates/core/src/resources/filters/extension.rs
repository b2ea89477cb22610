//! Wasm and Lua: the filters, and the configurations that Envoy discovers for them.
//!
//! Source: Envoy's
//! [Wasm](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/wasm_filter) and
//! [Lua](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/lua_filter) filters, and
//! [extension configuration
//! discovery](https://www.envoyproxy.io/docs/envoy/latest/configuration/overview/extension).

use std::collections::BTreeMap;

use envoy::config::core::v3::config_source::ConfigSourceSpecifier;
use envoy::config::core::v3::data_source::Specifier;
use envoy::config::core::v3::http_uri::HttpUpstreamType;
use envoy::config::core::v3::{
    AggregatedConfigSource, ApiVersion, AsyncDataSource, ConfigSource, DataSource, ExtensionConfigSource,
    HttpUri, RemoteDataSource, TypedExtensionConfig, async_data_source,
};
use envoy::config::listener::v3::{Filter, filter};
use envoy::extensions::filters::http::lua::v3::Lua;
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpFilter, http_filter};
use envoy::extensions::filters::{http::wasm::v3 as http_wasm, network::wasm::v3 as network_wasm};
use envoy::extensions::wasm::v3::plugin_config::Vm;
use envoy::extensions::wasm::v3::{EnvironmentVariables, FailurePolicy, PluginConfig, VmConfig};
use envoy::google::protobuf::{self, Any, StringValue};

use super::http;
use crate::mesh::attachment::Bound;
use crate::mesh::extension::{Code, Extension};
use crate::resources::proto::duration;
use crate::resources::{Origin, Resource};
use crate::rules::PolicyRules;
use crate::snapshot::Duration;
use crate::snapshot::extensions::{
    EnvValueSource, ExecutionPhase, FailStrategy, PluginType, PullPolicy, Struct, WasmConfig,
};

/// How long the proxy's agent may take to fetch a module.
const FETCH_TIMEOUT: Duration = Duration::from_secs(30);

/// The HTTP filters of the extensions of one phase.
pub(crate) fn http_filters(extensions: &[Bound<'_, Extension>], phase: ExecutionPhase) -> Vec<HttpFilter> {
    extensions.iter().filter(|e| e.phase == phase).map(|e| http_filter(e)).collect()
}

/// The network filters of the extensions of one phase.
pub(crate) fn network_filters(extensions: &[Bound<'_, Extension>], phase: ExecutionPhase) -> Vec<Filter> {
    let types =
        ["envoy.extensions.filters.network.wasm.v3.Wasm", "envoy.extensions.filters.network.rbac.v3.RBAC"];
    let discover = |extension: &Extension| Filter {
        name: extension.resource_name.to_string(),
        config_type: Some(filter::ConfigType::ConfigDiscovery(Box::new(discovery(types)))),
    };
    extensions.iter().filter(|e| e.phase == phase).map(|e| discover(e)).collect()
}

fn http_filter(extension: &Extension) -> HttpFilter {
    let types = ["envoy.extensions.filters.http.wasm.v3.Wasm", "envoy.extensions.filters.http.rbac.v3.RBAC"];
    match &extension.code {
        Code::Lua(code) => {
            let source = DataSource {
                specifier: Some(Specifier::InlineString(code.to_string())),
                ..Default::default()
            };
            let config = Lua { default_source_code: Some(source), ..Lua::default() };
            http::filter(&extension.resource_name, envoy::any(&config))
        }
        Code::Wasm(_) => HttpFilter {
            name: extension.resource_name.to_string(),
            config_type: Some(http_filter::ConfigType::ConfigDiscovery(Box::new(discovery(types)))),
            ..HttpFilter::default()
        },
    }
}

/// The configuration is discovered, and may be RBAC's: the agent denies everything where a module cannot be
/// fetched.
fn discovery(types: [&str; 2]) -> ExtensionConfigSource {
    ExtensionConfigSource {
        config_source: Some(ConfigSource {
            config_source_specifier: Some(ConfigSourceSpecifier::Ads(AggregatedConfigSource::default())),
            // Zero: wait for it, however long it takes. It may be what keeps callers out.
            initial_fetch_timeout: Some(duration(Duration::ZERO)),
            resource_api_version: ApiVersion::V3.into(),
            ..ConfigSource::default()
        }),
        type_urls: types.iter().map(|name| format!("type.googleapis.com/{name}")).collect(),
        ..ExtensionConfigSource::default()
    }
}

/// What Envoy discovers for the extensions of a waypoint's listeners, which come by name.
pub(crate) fn configurations(
    extensions: &[&Extension],
    rules: &PolicyRules,
) -> Vec<Resource<TypedExtensionConfig>> {
    let resource = |extension: &&Extension| {
        let message = configuration(extension, rules.fail_strategies)?;
        let origin = Origin::of_resource(vec![extension.object.clone().into()]);
        Some(Resource { message, origins: vec![origin] })
    };
    extensions.iter().filter_map(resource).collect()
}

/// What Envoy discovers for an extension; none for those that are written into the listener.
fn configuration(extension: &Extension, fail_strategies: bool) -> Option<TypedExtensionConfig> {
    let Code::Wasm(wasm) = &extension.code else { return None };
    let config = Some(plugin_config(extension, wasm, fail_strategies));
    let typed_config = match wasm.plugin_type {
        PluginType::Network => envoy::any(&network_wasm::Wasm { config }),
        PluginType::Unspecified | PluginType::Http => envoy::any(&http_wasm::Wasm { config }),
    };
    Some(TypedExtensionConfig { name: extension.resource_name.to_string(), typed_config: Some(typed_config) })
}

fn plugin_config(extension: &Extension, wasm: &WasmConfig, fail_strategies: bool) -> PluginConfig {
    // The first releases do not know strategies: they always fail closed.
    let failure_policy = match wasm.fail_strategy {
        _ if !fail_strategies => FailurePolicy::Unspecified,
        FailStrategy::FailClose => FailurePolicy::FailClosed,
        FailStrategy::FailOpen => FailurePolicy::FailOpen,
        FailStrategy::FailReload => FailurePolicy::FailReload,
    };
    PluginConfig {
        name: extension.plugin_name.to_string(),
        root_id: wasm.plugin_name.to_string(),
        configuration: Some(plugin_settings(wasm.plugin_config.as_ref())),
        failure_policy: failure_policy.into(),
        vm: Some(Vm::VmConfig(VmConfig {
            runtime: "envoy.wasm.runtime.v8".to_owned(),
            code: Some(code(wasm)),
            environment_variables: Some(environment(wasm)),
            ..VmConfig::default()
        })),
        ..PluginConfig::default()
    }
}

/// The plugin's own settings, as JSON in a string; without any, an empty `Any`.
fn plugin_settings(settings: Option<&Struct>) -> Any {
    let Some(settings) = settings.filter(|settings| !settings.is_empty()) else { return Any::default() };
    let json = envoy::json::to_json(&protobuf::Struct::from(settings)).unwrap_or_default();
    envoy::any(&StringValue { value: safe_in_html(json) })
}

/// JSON as Go writes it: what has a meaning in HTML, or ends a line of JavaScript, is escaped. All of it is
/// in texts only.
fn safe_in_html(json: String) -> String {
    const ESCAPES: [(char, &str); 5] = [
        ('<', r"\u003c"),
        ('>', r"\u003e"),
        ('&', r"\u0026"),
        ('\u{2028}', r"\u2028"),
        ('\u{2029}', r"\u2029"),
    ];
    ESCAPES.into_iter().fold(json, |json, (character, escape)| json.replace(character, escape))
}

/// Where the module is. One that is fetched is fetched by the agent, so that the cluster does not matter.
fn code(wasm: &WasmConfig) -> AsyncDataSource {
    let uri = module_uri(&wasm.url);
    let specifier = if uri.starts_with("file:") {
        let path = wasm.url.strip_prefix("file://").unwrap_or(&wasm.url);
        async_data_source::Specifier::Local(DataSource {
            specifier: Some(Specifier::Filename(path.to_owned())),
            ..DataSource::default()
        })
    } else {
        async_data_source::Specifier::Remote(RemoteDataSource {
            http_uri: Some(HttpUri {
                uri,
                timeout: Some(duration(FETCH_TIMEOUT)),
                http_upstream_type: Some(HttpUpstreamType::Cluster("_".to_owned())),
            }),
            sha256: wasm.sha256.to_string(),
            ..RemoteDataSource::default()
        })
    };
    AsyncDataSource { specifier: Some(specifier) }
}

/// A URL with its scheme, `oci` if it has none.
fn module_uri(url: &str) -> String {
    // Admission lets no others through than `file`, `http`, `https` and `oci`.
    let is_scheme = |text: &str| text.bytes().all(|b| b.is_ascii_alphabetic());
    match url.split_once(':').filter(|(text, _)| is_scheme(text)) {
        Some((scheme, rest)) => format!("{}:{rest}", scheme.to_ascii_lowercase()),
        None => format!("oci://{url}"),
    }
}

fn environment(wasm: &WasmConfig) -> EnvironmentVariables {
    let mut key_values = BTreeMap::new();
    if !wasm.image_pull_secret.is_empty() {
        // The control plane puts the secret's content here; a snapshot has none.
        key_values.insert("ISTIO_META_WASM_IMAGE_PULL_SECRET".to_owned(), String::new());
    }
    if wasm.image_pull_policy != PullPolicy::Unspecified {
        let policy = wasm.image_pull_policy.as_str().to_owned();
        key_values.insert("ISTIO_META_WASM_IMAGE_PULL_POLICY".to_owned(), policy);
    }
    // The API server's resource version, which a snapshot does not have.
    key_values.insert("ISTIO_META_WASM_PLUGIN_RESOURCE_VERSION".to_owned(), String::new());
    let mut host_env_keys = Vec::new();
    for variable in wasm.vm_config.iter().flat_map(|vm| &vm.env) {
        match variable.value_from {
            EnvValueSource::Inline => {
                key_values.insert(variable.name.to_string(), variable.value.to_string());
            }
            EnvValueSource::Host => host_env_keys.push(variable.name.to_string()),
        }
    }
    EnvironmentVariables { host_env_keys, key_values }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_need_no_scheme() {
        assert_eq!(module_uri("registry.example/filter:1.4"), "oci://registry.example/filter:1.4");
        assert_eq!(module_uri("OCI://registry.example/filter"), "oci://registry.example/filter");
        assert_eq!(module_uri("https://files.example/a.wasm"), "https://files.example/a.wasm");
    }

    #[test]
    fn settings_are_sorted_json() {
        let settings =
            serde_json::json!({"perMinute": 60, "keys": ["b", "a"], "nested": {"z": 1.0, "a": "<&"}});
        let packed = plugin_settings(settings.as_object());
        let text = envoy::unpack::<StringValue>(&packed).unwrap().value;
        assert_eq!(text, r#"{"keys":["b","a"],"nested":{"a":"\u003c\u0026","z":1},"perMinute":60}"#);
        assert_eq!(plugin_settings(None), Any::default());
    }
}
