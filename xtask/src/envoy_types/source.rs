//! Where the descriptors come from.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message as _;
use prost_types::FileDescriptorSet;
use protox::file::{ChainFileResolver, DescriptorSetFileResolver, GoogleFileResolver, IncludeFileResolver};

use crate::Result;
use crate::command::cargo;

/// Envoy's descriptors, from `path` or the envoy-types crate, and those of the `.proto` files below `ours`.
pub(crate) fn load(path: Option<PathBuf>, ours: &Path) -> Result<FileDescriptorSet> {
    let path = match path {
        Some(path) => path,
        None => find()?,
    };
    let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut set = FileDescriptorSet::decode(bytes.as_slice())?;

    let mut resolver = ChainFileResolver::new();
    resolver.add(IncludeFileResolver::new(ours.to_owned()));
    resolver.add(DescriptorSetFileResolver::new(set.clone()));
    resolver.add(GoogleFileResolver::new());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    for file in protos(ours)? {
        compiler.open_file(file)?;
    }
    // Envoy's own files do not import it, the JSON mapping has a rule for it.
    compiler.open_file("google/protobuf/field_mask.proto")?;
    for file in compiler.file_descriptor_set().file {
        if !set.file.iter().any(|known| known.name == file.name) {
            set.file.push(file);
        }
    }
    Ok(set)
}

/// The descriptor set in the source of the envoy-types crate, wherever cargo keeps it.
fn find() -> Result<PathBuf> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
    let output =
        cargo().args(["metadata", "--format-version=1", "--manifest-path"]).arg(manifest).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let manifest = metadata
        .get("packages")
        .and_then(|packages| packages.as_array())
        .into_iter()
        .flatten()
        .find(|package| package.get("name").is_some_and(|name| name == "envoy-types"))
        .and_then(|package| package.get("manifest_path")?.as_str())
        .ok_or("cargo metadata does not know the envoy-types crate")?;
    Ok(Path::new(manifest).with_file_name("src").join("generated").join("types.bin"))
}

/// The `.proto` files below a directory, relative to it, sorted.
fn protos(root: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension() == Some(OsStr::new("proto")) {
                found.push(path.strip_prefix(root)?.to_owned());
            }
        }
    }
    found.sort();
    Ok(found)
}
