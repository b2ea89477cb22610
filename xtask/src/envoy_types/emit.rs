//! The Rust messages and the module tree they live in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use prost_build::Module;
use prost_types::FileDescriptorSet;

use super::Files;
use crate::Result;

/// One file for each proto package, and `mod.rs` with the tree of modules.
pub(crate) fn messages(set: &FileDescriptorSet) -> Result<Files> {
    let requests =
        set.file.iter().map(|file| (Module::from_protobuf_package_name(file.package()), file.clone()));
    let modules = prost_build::Config::new()
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
        files.insert(name, content.into_bytes());
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
