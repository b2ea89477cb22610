//! The folder that becomes the npm package.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::Paths;
use crate::Result;

/// Puts the package together, from scratch.
pub(super) fn assemble(paths: &Paths) -> Result<()> {
    if paths.package.exists() {
        fs::remove_dir_all(&paths.package)?;
    }
    let dist = paths.package.join("dist");
    copy_all(&paths.npm.join("dist"), &dist)?;
    fs::copy(paths.generated.join("waypoint_xds.js"), dist.join("generated").join("waypoint_xds.js"))?;
    fs::copy(paths.generated.join("waypoint_xds_bg.wasm"), dist.join("waypoint_xds.wasm"))?;
    fs::copy(paths.npm.join("README.md"), paths.package.join("README.md"))?;
    fs::copy(paths.root.join("LICENSE"), paths.package.join("LICENSE"))?;
    let manifest = fs::read_to_string(paths.npm.join("package.json"))?;
    fs::write(paths.package.join("package.json"), published(&manifest)?)?;
    Ok(())
}

/// The manifest without what only building and testing need, with the workspace's version.
fn published(manifest: &str) -> Result<String> {
    let mut manifest: Value = serde_json::from_str(manifest)?;
    if let Some(fields) = manifest.as_object_mut() {
        for development in ["private", "scripts", "devDependencies"] {
            fields.shift_remove(development);
        }
        fields.insert("version".to_owned(), env!("CARGO_PKG_VERSION").into());
    }
    Ok(format!("{manifest:#}\n"))
}

fn copy_all(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_all(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
