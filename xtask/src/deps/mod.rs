//! `cargo xtask deps`: what is depended on has a licence that may be, comes from where it may, and is used.
//!
//! The rules are those of `deny.toml`. cargo-deny knows more, advisories above all, and takes longer to
//! compile than everything else here; this takes what `cargo metadata` says.

mod licence;
mod unused;

use std::collections::BTreeSet;
use std::process::Stdio;

use serde::Deserialize;

use crate::command::cargo;
use crate::{Result, root};

/// `deny.toml`, as far as it is read here.
#[derive(Deserialize)]
struct Rules {
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licences {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: Vec<String>,
}

/// What `cargo metadata` says.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// A package, ours or another's.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    /// None for those of this workspace.
    source: Option<String>,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

/// What a package says that it needs.
#[derive(Deserialize)]
struct Dependency {
    name: String,
    rename: Option<String>,
    /// Where it is needed: `cfg(any())` is nowhere.
    target: Option<String>,
}

/// Runs the task.
pub(crate) fn run() -> Result<()> {
    let rules: Rules = toml::from_str(&std::fs::read_to_string(root().join("deny.toml"))?)?;
    let mut wrong = Vec::new();
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let packages = packages(manifest)?;
        wrong.extend(packages.iter().flat_map(|package| refused(package, &rules)));
        for package in packages.iter().filter(|package| package.source.is_none()) {
            wrong.extend(unused::unused(package)?);
        }
        println!("deps: {} packages of {manifest}", packages.len());
    }
    wrong.sort();
    wrong.dedup();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

fn packages(manifest: &str) -> Result<Vec<Package>> {
    let mut command = cargo();
    command.args(["metadata", "--format-version", "1", "--all-features", "--locked", "--manifest-path"]);
    let output = command.arg(root().join(manifest)).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("cargo metadata of {manifest} failed").into());
    }
    Ok(serde_json::from_slice::<Metadata>(&output.stdout)?.packages)
}

/// Why a package may not be depended on.
fn refused(package: &Package, rules: &Rules) -> Vec<String> {
    let Package { name, version, .. } = package;
    let mut wrong = Vec::new();
    if rules.bans.deny.iter().any(|banned| banned.name == *name) {
        wrong.push(format!("{name} {version} is banned"));
    }
    let Some(source) = &package.source else { return wrong };
    let registry = source.strip_prefix("registry+").unwrap_or(source);
    if !rules.sources.allow_registry.iter().any(|allowed| allowed == registry) {
        wrong.push(format!("{name} {version} comes from {source}"));
    }
    let licence = package.license.as_deref().unwrap_or_default();
    if !licence::allowed(licence, &rules.licenses.allow) {
        wrong.push(format!("{name} {version} has the licence `{licence}`"));
    }
    wrong
}
