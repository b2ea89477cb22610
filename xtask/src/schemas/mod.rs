//! `cargo xtask schemas`: what is compiled into the library about the kinds' schemas.
//!
//! The custom resource definitions are data of their projects, and large: what matters of them is extracted
//! to a text that a reviewer can read (`crates/model/schemas`). Kubernetes' own kinds have none, and
//! InferencePools, multi-cluster Services and what installs Istio come with no release of it: their extracts
//! are written by hand.

mod crd;
mod newer;
mod table;
mod types;

use std::path::Path;

use schemas::Extract;

use crate::args::Check;
use crate::{Result, root};

/// The releases that an extract speaks of.
const RELEASES: [&str; 4] = ["1.18", "1.29", "1.30", "1.31"];
/// The extracts that are made from definitions.
const FAMILIES: [&str; 2] = ["istio", "gateway-api"];
/// The extracts, all of them.
const EXTRACTS: [&str; 6] =
    ["istio", "gateway-api", "inference", "multicluster", "kubernetes", "installation"];
/// Kinds that are only looked at, of those that have definitions.
const PASSED_OVER: [(&str, &str); 3] = [
    ("networking.istio.io", "Gateway"),
    ("networking.istio.io", "Sidecar"),
    ("networking.istio.io", "WorkloadGroup"),
];

/// Runs the task.
pub(crate) fn run(&Check { check }: &Check) -> Result<()> {
    let model = root().join("crates/model");
    let types = types::read(&model.join("src/snapshot"))?;
    let mut made = Vec::new();
    let mut extracts = Vec::new();
    // Without them, the extracts stay as they are.
    let definitions =
        reference_files::unless_skipped("reference/crds", "the extracts of custom resource definitions")?;
    let mut wanted = types.wanted();
    wanted.extend(PASSED_OVER.map(|(group, name)| ((group.to_owned(), name.to_owned()), false)));
    for name in EXTRACTS {
        let path = model.join(format!("schemas/{name}.txt"));
        let extract = match &definitions {
            Some(folder) if FAMILIES.contains(&name) => {
                let extract = crd::extract(folder, name, &RELEASES, &wanted)?;
                made.push((path, extract.write(&comment(name))));
                extract
            }
            _ => Extract::read(&std::fs::read_to_string(&path)?)
                .map_err(|error| format!("{}: {error}", path.display()))?,
        };
        extracts.push(extract);
    }
    made.push((model.join("src/schema/table.rs"), table::write(&extracts)?));
    made.push((root().join("crates/mesh/src/admission/newer/table.rs"), newer::write(&types, &extracts)?));
    let stale = made.iter().filter(|(path, text)| is_stale(path, text));
    if check {
        let stale: Vec<_> = stale.map(|(path, _)| path.display().to_string()).collect();
        return if stale.is_empty() {
            Ok(())
        } else {
            Err(format!("stale, run `cargo xtask schemas`:\n{}", stale.join("\n")).into())
        };
    }
    for (path, text) in stale {
        std::fs::write(path, text)?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

fn is_stale(path: &Path, text: &str) -> bool {
    std::fs::read_to_string(path).map_or(true, |old| old != text)
}

fn comment(family: &str) -> String {
    let whose = if family == "istio" { "Istio's" } else { "the Gateway API's" };
    format!(
        "What matters of {whose} custom resource definitions, in the releases of Istio.\n\
         Written by `cargo xtask schemas`: do not edit. How to read it: crates/schemas/src/lib.rs."
    )
}
