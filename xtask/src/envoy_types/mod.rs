//! Makes what `crates/envoy` and `crates/envoy-json` commit from descriptors: the prost messages, the pruned
//! descriptor set and the tables of the JSON mapping.

mod emit;
mod encoded;
mod prune;
mod roots;
mod source;
mod tables;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message as _;

use crate::Result;
use crate::args::EnvoyTypes;

/// File name within `crates/envoy/src/generated` → content.
type Files = BTreeMap<String, Vec<u8>>;

/// What is made: each file with its content, and the files that are no longer made.
struct Made {
    files: BTreeMap<PathBuf, Vec<u8>>,
    left: Vec<PathBuf>,
}

/// Runs the task with its arguments.
pub(crate) fn run(args: EnvoyTypes) -> Result<()> {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("crates");
    let krate = crates.join("envoy");
    let all = source::load(args.source, &krate.join("proto"))?;
    let set = prune::prune(all, roots::is_root);

    let mut generated = emit::messages(&set)?;
    generated.insert("descriptors.binpb".to_owned(), set.encode_to_vec());
    let directory = krate.join("src").join("generated");
    let left = leftovers(&directory, &generated)?;
    let generated = generated.into_iter().map(|(name, content)| (directory.join(name), content));
    let tables = crates.join("envoy-json").join("src").join("tables.rs");
    let files = generated.chain([(tables, tables::tables(&set)?.into_bytes())]).collect();
    let made = Made { files, left };
    if args.check { compare(&made) } else { write(&made) }
}

fn compare(Made { files, left }: &Made) -> Result<()> {
    let stale = files.iter().filter(|(path, content)| fs::read(path).ok().as_ref() != Some(content));
    let stale: Vec<String> =
        stale.map(|(path, _)| path).chain(left).map(|path| path.display().to_string()).collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("stale, run `cargo xtask envoy-types`: {}", stale.join(", ")).into())
}

fn write(Made { files, left }: &Made) -> Result<()> {
    left.iter().try_for_each(fs::remove_file)?;
    for (path, content) in files {
        fs::create_dir_all(path.with_file_name(""))?;
        // Leave what is up to date alone, so that nothing is compiled again for it.
        if fs::read(path).ok().as_ref() != Some(content) {
            fs::write(path, content)?;
        }
    }
    println!("{} files", files.len());
    Ok(())
}

/// The files there that are no longer made.
fn leftovers(directory: &Path, files: &Files) -> Result<Vec<PathBuf>> {
    let mut left = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if !files.contains_key(&*entry.file_name().to_string_lossy()) {
            left.push(entry.path());
        }
    }
    left.sort();
    Ok(left)
}
