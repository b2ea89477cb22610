//! The inputs, by name.

use crate::{meshes, texts};

/// An input of any size.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// What it is called.
    pub name: &'static str,
    /// The size that is promised to be survived, and what it counts.
    pub size: usize,
    make: fn(usize) -> String,
}

impl Recipe {
    /// The recipe of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        RECIPES.iter().copied().find(|recipe| recipe.name == name)
    }

    /// The text of an input of this size.
    #[must_use]
    pub fn text(&self, size: usize) -> String {
        (self.make)(size)
    }
}

const fn recipe(name: &'static str, size: usize, make: fn(usize) -> String) -> Recipe {
    Recipe { name, size, make }
}

const HUNDRED_THOUSAND: usize = 100_000;

/// All inputs.
pub const RECIPES: &[Recipe] = &[
    recipe("alias-bomb", HUNDRED_THOUSAND, texts::alias_bomb),
    recipe("alias-chain", HUNDRED_THOUSAND, texts::alias_chain),
    recipe("anchors", HUNDRED_THOUSAND, texts::anchors),
    recipe("merge-bomb", HUNDRED_THOUSAND, texts::merge_bomb),
    recipe("deep-flow", HUNDRED_THOUSAND, texts::deep_flow),
    recipe("deep-flow-mappings", HUNDRED_THOUSAND, texts::deep_flow_mappings),
    recipe("deep-block", HUNDRED_THOUSAND, texts::deep_block),
    recipe("deep-keys", HUNDRED_THOUSAND, texts::deep_keys),
    recipe("deep-json", HUNDRED_THOUSAND, texts::deep_json),
    recipe("documents", 1_000_000, texts::documents),
    recipe("comments", 1_000_000, texts::comments),
    recipe("directives", HUNDRED_THOUSAND, texts::directives),
    recipe("json-documents", HUNDRED_THOUSAND, texts::json_documents),
    recipe("broken-documents", HUNDRED_THOUSAND, texts::broken_documents),
    recipe("plain-scalar", 64 << 20, texts::plain_scalar),
    recipe("plain-lines", 64 << 20, texts::plain_lines),
    recipe("quoted-scalar", 64 << 20, texts::quoted_scalar),
    recipe("quoted-lines", 64 << 20, texts::quoted_lines),
    recipe("block-scalar", 64 << 20, texts::block_scalar),
    recipe("folded-scalar", 64 << 20, texts::folded_scalar),
    recipe("json-scalar", 64 << 20, texts::json_scalar),
    recipe("one-line", HUNDRED_THOUSAND, texts::one_line),
    recipe("keys", HUNDRED_THOUSAND, texts::keys),
    recipe("duplicate-keys", HUNDRED_THOUSAND, texts::duplicate_keys),
    recipe("same-object", HUNDRED_THOUSAND, meshes::same_object),
    recipe("unknown-kinds", HUNDRED_THOUSAND, meshes::unknown_kinds),
    recipe("unknown-fields", HUNDRED_THOUSAND, meshes::unknown_fields),
    recipe("wrong-objects", HUNDRED_THOUSAND, meshes::wrong_objects),
    recipe("labels", HUNDRED_THOUSAND, meshes::labels),
    recipe("hosts", HUNDRED_THOUSAND, meshes::hosts),
    recipe("http-routes", HUNDRED_THOUSAND, meshes::http_routes),
    recipe("matches", HUNDRED_THOUSAND, meshes::matches),
    recipe("virtual-services", 20_000, meshes::virtual_services),
    recipe("delegates", 20_000, meshes::delegates),
    recipe("cyclic-delegates", 20_000, meshes::cyclic_delegates),
    recipe("gateway-routes", 20_000, meshes::gateway_routes),
    recipe("rules", HUNDRED_THOUSAND, meshes::rules),
    recipe("values", HUNDRED_THOUSAND, meshes::values),
    recipe("policies", 20_000, meshes::policies),
    recipe("source-namespaces", 20_000, meshes::source_namespaces),
    recipe("wildcards", HUNDRED_THOUSAND, meshes::wildcards),
    recipe("request-authentications", 20_000, meshes::request_authentications),
    recipe("subsets", HUNDRED_THOUSAND, meshes::subsets),
    recipe("destination-rules", 20_000, meshes::destination_rules),
    recipe("services", 20_000, meshes::services),
    recipe("ports", 20_000, meshes::ports),
    recipe("namespaces", 20_000, meshes::namespaces),
    recipe("waypoints", 2_000, meshes::waypoints),
    recipe("pods", HUNDRED_THOUSAND, meshes::pods),
    recipe("endpoints", HUNDRED_THOUSAND, meshes::endpoints),
    recipe("entry-hosts", 20_000, meshes::entry_hosts),
    recipe("entry-endpoints", HUNDRED_THOUSAND, meshes::entry_endpoints),
    recipe("workload-entries", HUNDRED_THOUSAND, meshes::workload_entries),
    recipe("envoy-filters", 20_000, meshes::envoy_filters),
    recipe("patches", 20_000, meshes::patches),
    recipe("wasm-plugins", 20_000, meshes::wasm_plugins),
    recipe("telemetries", 20_000, meshes::telemetries),
    recipe("expressions", HUNDRED_THOUSAND, meshes::expressions),
    recipe("large-expression", HUNDRED_THOUSAND, meshes::large_expression),
];
