//! The Rust messages and the module tree they live in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use prost_build::Module;
use prost_types::FileDescriptorSet;

use super::{Files, encoded};
use crate::Result;

/// Fields that hold their message in a box: large ones of large messages, nearly never set in a waypoint's
/// configuration. Inline they would make every cluster, route and filter several times as large, and copying
/// those is most of the work of making them.
const BOXED: &[&str] = &[
    ".envoy.config.cluster.v3.Cluster.cluster_discovery_type.cluster_type",
    ".envoy.config.cluster.v3.Cluster.common_http_protocol_options",
    ".envoy.config.cluster.v3.Cluster.dns_failure_refresh_rate",
    ".envoy.config.cluster.v3.Cluster.dns_resolution_config",
    ".envoy.config.cluster.v3.Cluster.http2_protocol_options",
    ".envoy.config.cluster.v3.Cluster.http_protocol_options",
    ".envoy.config.cluster.v3.Cluster.lb_config.least_request_lb_config",
    ".envoy.config.cluster.v3.Cluster.lb_config.original_dst_lb_config",
    ".envoy.config.cluster.v3.Cluster.lb_config.ring_hash_lb_config",
    ".envoy.config.cluster.v3.Cluster.lb_config.round_robin_lb_config",
    ".envoy.config.cluster.v3.Cluster.lb_subset_config",
    ".envoy.config.cluster.v3.Cluster.load_assignment",
    ".envoy.config.cluster.v3.Cluster.lrs_server",
    ".envoy.config.cluster.v3.Cluster.outlier_detection",
    ".envoy.config.cluster.v3.Cluster.preconnect_policy",
    ".envoy.config.cluster.v3.Cluster.stats_matcher",
    ".envoy.config.cluster.v3.Cluster.transport_socket_matcher",
    ".envoy.config.cluster.v3.Cluster.typed_dns_resolver_config",
    ".envoy.config.cluster.v3.Cluster.upstream_bind_config",
    ".envoy.config.cluster.v3.Cluster.upstream_config",
    ".envoy.config.cluster.v3.Cluster.upstream_connection_options",
    ".envoy.config.cluster.v3.Cluster.upstream_http_protocol_options",
    ".envoy.config.core.v3.ConfigSource.config_source_specifier.api_config_source",
    ".envoy.config.core.v3.ConfigSource.config_source_specifier.path_config_source",
    ".envoy.config.endpoint.v3.Endpoint.health_check_config",
    ".envoy.config.endpoint.v3.LocalityLbEndpoints.lb_config.leds_cluster_locality_config",
    ".envoy.config.endpoint.v3.LocalityLbEndpoints.lb_config.load_balancer_endpoints",
    ".envoy.config.endpoint.v3.LocalityLbEndpoints.metadata",
    ".envoy.config.listener.v3.Filter.config_type.config_discovery",
    ".envoy.config.listener.v3.FilterChain.filter_chain_match",
    ".envoy.config.listener.v3.FilterChain.metadata",
    ".envoy.config.rbac.v3.Policy.cel_config",
    ".envoy.config.rbac.v3.Policy.checked_condition",
    ".envoy.config.rbac.v3.Policy.condition",
    ".envoy.config.route.v3.Route.action.direct_response",
    ".envoy.config.route.v3.Route.action.redirect",
    ".envoy.config.route.v3.Route.action.route",
    ".envoy.config.route.v3.Route.tracing",
    ".envoy.config.route.v3.RouteAction.cors",
    ".envoy.config.route.v3.RouteAction.hedge_policy",
    ".envoy.config.route.v3.RouteAction.internal_redirect_policy",
    ".envoy.config.route.v3.VirtualHost.cors",
    ".envoy.config.route.v3.VirtualHost.hedge_policy",
    ".envoy.config.route.v3.VirtualHost.matcher",
    ".envoy.config.route.v3.VirtualHost.retry_policy",
    ".envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.route_specifier.scoped_routes",
    ".envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter.config_type.config_discovery",
    ".envoy.extensions.upstreams.http.v3.HttpProtocolOptions.header_validation_config",
    ".envoy.extensions.upstreams.http.v3.HttpProtocolOptions.outlier_detection",
    ".envoy.extensions.upstreams.http.v3.HttpProtocolOptions.retry_policy",
    ".envoy.extensions.upstreams.http.v3.HttpProtocolOptions.upstream_http_protocol_options",
];

/// Messages that are written by hand: the package that they are part of, their names, and the modules of
/// `crates/envoy`.
const BY_HAND: &[(&str, &str, &str)] =
    &[("envoy.config.core.v3", "Metadata", "metadata"), ("google.protobuf", "Struct", "map")];

/// One file for each proto package, and `mod.rs` with the tree of modules.
pub(crate) fn messages(set: &FileDescriptorSet) -> Result<Files> {
    let mut set = set.clone();
    let stand_ins = encoded::encode(&mut set)?;
    let requests =
        set.file.into_iter().map(|file| (Module::from_protobuf_package_name(file.package()), file));
    let mut config = prost_build::Config::new();
    for field in BOXED {
        config.boxed(field);
    }
    for (package, message, module) in BY_HAND {
        config.extern_path(format!(".{package}.{message}"), format!("crate::{module}::{message}"));
    }
    for (stand_in, path) in stand_ins {
        config.extern_path(stand_in, path);
    }
    let modules = config
        .btree_map(["."])
        .bytes(["."])
        .enable_type_names()
        .compile_well_known_types()
        .generate(requests.collect())?;

    let mut files = Files::new();
    let mut tree = Tree::default();
    for (module, content) in modules.into_iter().collect::<BTreeMap<_, _>>() {
        let name = module.to_file_name_or("_");
        tree.add(module.parts().collect::<Vec<_>>().as_slice(), &name);
        let by_hand =
            BY_HAND.iter().filter(|(package, ..)| module == Module::from_protobuf_package_name(package));
        let reexports = by_hand.map(|(_, message, module)| format!("pub use crate::{module}::{message};\n"));
        files.insert(name, format!("{}{content}", reexports.collect::<String>()).into_bytes());
    }
    let mut root = String::from("// Made by `cargo xtask envoy-types`: do not edit.\n\n");
    tree.write(0, &mut root)?;
    files.insert("mod.rs".to_owned(), root.into_bytes());
    Ok(files)
}

#[derive(Default)]
struct Tree {
    files: BTreeSet<String>,
    children: BTreeMap<String, Tree>,
}

impl Tree {
    fn add(&mut self, path: &[&str], file: &str) {
        match path.split_first() {
            None => {
                self.files.insert(file.to_owned());
            }
            Some((first, rest)) => self.children.entry((*first).to_owned()).or_default().add(rest, file),
        }
    }

    fn write(&self, depth: usize, out: &mut String) -> Result<()> {
        let indent = "    ".repeat(depth);
        for file in &self.files {
            writeln!(out, "{indent}include!(\"{file}\");")?;
        }
        for (name, child) in &self.children {
            writeln!(out, "{indent}pub mod {name} {{")?;
            child.write(depth + 1, out)?;
            writeln!(out, "{indent}}}")?;
        }
        Ok(())
    }
}
