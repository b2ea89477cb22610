//! WasmPlugin and TrafficExtension.

use std::collections::BTreeSet;

use super::check::Checker;
use super::{common, istio_metadata, syntax};
use crate::problem::Code;
use crate::schema::{Limit, What};
use crate::snapshot::extensions::{EnvValueSource, TrafficExtension, TrafficSelector, VmConfig, WasmPlugin};
use crate::snapshot::{Kind, Meta};

/// The schemas' limits. The webhook counts the bytes of names.
const LONGEST_NAME: Limit = Limit::of(Kind::WasmPlugin, "spec.pluginName", What::MaxLength);
const LONGEST_SECRET: Limit = Limit::of(Kind::WasmPlugin, "spec.imagePullSecret", What::MaxLength);
const LONGEST_LUA: Limit = Limit::of(Kind::TrafficExtension, "spec.lua.inlineCode", What::MaxLength);
const LONGEST_ENV_NAME: Limit = Limit::of(Kind::WasmPlugin, "spec.vmConfig.env.name", What::MaxLength);
const LONGEST_ENV_VALUE: Limit = Limit::of(Kind::WasmPlugin, "spec.vmConfig.env.value", What::MaxLength);

/// What a WasmPlugin and a TrafficExtension say alike of a module.
struct Module<'m> {
    url: &'m str,
    sha256: &'m str,
    pull_secret: &'m str,
    name: &'m str,
    vm: Option<&'m VmConfig>,
}

pub(super) fn wasm_plugin(root: &Checker<'_>, meta: &Meta, plugin: &WasmPlugin) {
    istio_metadata::check(root, meta, None);
    let c = &root.field("spec");
    common::policy_scope(c, plugin.selector.as_ref(), plugin.target_ref.as_ref(), &plugin.target_refs);
    let module = Module {
        url: &plugin.url,
        sha256: &plugin.sha256,
        pull_secret: &plugin.image_pull_secret,
        name: &plugin.plugin_name,
        vm: plugin.vm_config.as_ref(),
    };
    wasm(c, &module);
    traffic(c, &plugin.matches);
}

pub(super) fn traffic_extension(root: &Checker<'_>, meta: &Meta, extension: &TrafficExtension) {
    istio_metadata::check(root, meta, None);
    let c = &root.field("spec");
    common::policy_scope(c, extension.selector.as_ref(), None, &extension.target_refs);
    if extension.wasm.is_some() == extension.lua.is_some() {
        c.conflict("exactly one of `wasm` and `lua` has to be set");
    }
    c.some("wasm", extension.wasm.as_ref(), |c, config| {
        let module = Module {
            url: &config.url,
            sha256: &config.sha256,
            pull_secret: &config.image_pull_secret,
            name: &config.plugin_name,
            vm: config.vm_config.as_ref(),
        };
        wasm(c, &module);
    });
    c.some("lua", extension.lua.as_ref(), |c, lua| {
        let (c, length) = (c.field("inlineCode"), lua.inline_code.len());
        if length == 0 {
            c.missing("there is no code");
        } else if let Some(longest) = longest(&c, length, LONGEST_LUA) {
            c.invalid(format!("the code has more than {longest} bytes"));
        }
    });
    traffic(c, &extension.matches);
}

fn wasm(c: &Checker<'_>, module: &Module<'_>) {
    let url = c.field("url");
    if module.url.is_empty() {
        url.missing("a plugin needs a URL");
    } else if !is_module_url(module.url) {
        url.invalid(format!("`{}` is no URL of file, http, https or oci", module.url));
    } else if !syntax::is_readable_url(module.url) {
        url.warn(
            Code::Ineffective,
            "Istio cannot read this URL, and ignores the plugin",
            "begin the URL with `oci://`",
        );
    }
    let hash = module.sha256;
    let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'));
    if !hash.is_empty() && !is_hash {
        c.field("sha256").invalid("this is not 64 hexadecimal digits in lower case");
    }
    if let Some(longest) = longest(c, module.pull_secret.len(), LONGEST_SECRET) {
        c.field("imagePullSecret").invalid(format!("the name has more than {longest} characters"));
    }
    if let Some(longest) = longest(c, module.name.len(), LONGEST_NAME) {
        c.field("pluginName").invalid(format!("the name has more than {longest} characters"));
    }
    c.some("vmConfig", module.vm, vm_config);
}

/// The limit that something of this length is beyond.
fn longest(c: &Checker<'_>, length: usize, longest: Limit) -> Option<usize> {
    longest.length(c.column).filter(|longest| length > *longest)
}

/// A URL with one of the schemes, or one without: `registry/image:tag`.
fn is_module_url(url: &str) -> bool {
    let scheme = match syntax::url_scheme(url) {
        Some(scheme) if !scheme.is_empty() || url.starts_with('/') => Some(scheme),
        _ => syntax::url_scheme(&format!("http://{url}")),
    };
    matches!(scheme.as_deref(), Some("" | "file" | "http" | "https" | "oci"))
}

fn vm_config(c: &Checker<'_>, vm: &VmConfig) {
    let mut names = BTreeSet::new();
    c.each("env", &vm.env, |c, env| {
        if env.name.is_empty() {
            c.field("name").missing("a variable needs a name");
        } else if !names.insert(env.name.clone()) {
            c.field("name").conflict(format!("`{}` stands here twice", env.name));
        }
        if !c.rules.schema_rules {
            return;
        }
        if let Some(longest) = longest(c, env.name.len(), LONGEST_ENV_NAME) {
            c.field("name").invalid(format!("the name has more than {longest} characters"));
        }
        if env.value_from != EnvValueSource::Inline && !env.value.is_empty() {
            c.field("value").conflict("a variable of the host takes no value");
        }
        if let Some(longest) = longest(c, env.value.len(), LONGEST_ENV_VALUE) {
            c.field("value").invalid(format!("the value has more than {longest} characters"));
        }
    });
}

fn traffic(c: &Checker<'_>, selectors: &[TrafficSelector]) {
    c.each("match", selectors, |c, selector| {
        let mut numbers = BTreeSet::new();
        c.each("ports", &selector.ports, |c, port| {
            common::port(&c.field("number"), port.number);
            if c.rules.schema_rules && !numbers.insert(port.number) {
                c.conflict(format!("port {} stands here twice", port.number));
            }
        });
    });
}
