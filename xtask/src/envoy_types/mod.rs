//! Makes what `crates/envoy` commits from descriptors: the prost messages, the pruned descriptor set and the
//! tables of the JSON mapping.

mod emit;
mod encoded;
mod prune;
mod roots;
mod source;
mod tables;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use prost::Message as _;

use crate::Result;
use crate::args::EnvoyTypes;

/// File name within `crates/envoy/src/generated` → content.
type Files = BTreeMap<String, Vec<u8>>;

/// Runs the task with its arguments.
pub(crate) fn run(args: EnvoyTypes) -> Result<()> {
    let krate = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("crates").join("envoy");
    let all = source::load(args.source, &krate.join("proto"))?;
    let set = prune::prune(all, roots::is_root);

    let mut files = emit::messages(&set)?;
    files.insert("tables.rs".to_owned(), tables::tables(&set)?.into_bytes());
    files.insert("descriptors.binpb".to_owned(), set.encode_to_vec());
    let directory = krate.join("src").join("generated");
    if args.check { compare(&directory, &files) } else { write(&directory, &files) }
}

fn compare(directory: &Path, files: &Files) -> Result<()> {
    let mut stale: Vec<&str> = Vec::new();
    for (name, content) in files {
        if fs::read(directory.join(name)).ok().as_ref() != Some(content) {
            stale.push(name);
        }
    }
    let left = leftovers(directory, files)?;
    stale.extend(left.iter().map(String::as_str));
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("stale, run `cargo xtask envoy-types`: {}", stale.join(", ")).into())
}

fn write(directory: &Path, files: &Files) -> Result<()> {
    fs::create_dir_all(directory)?;
    for name in leftovers(directory, files)? {
        fs::remove_file(directory.join(name))?;
    }
    for (name, content) in files {
        let path = directory.join(name);
        // Leave what is up to date alone, so that nothing is compiled again for it.
        if fs::read(&path).ok().as_ref() != Some(content) {
            fs::write(path, content)?;
        }
    }
    println!("{} files in {}", files.len(), directory.display());
    Ok(())
}

/// The files there that are no longer made.
fn leftovers(directory: &Path, files: &Files) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !files.contains_key(&name) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
