//! `cargo xtask layers`: no module of the library knows one of a later step.
//!
//! [`LAYERS`] is the order of ARCHITECTURE.md. A module may name itself and those of its own and earlier
//! layers; comments count too, since links in documentation have to be found. What is in an earlier crate
//! cannot know a later one: that the compiler sees to; this looks at the order within each. Beside the order
//! of layers, some names are forbidden in some steps ([`forbidden`]).

mod forbidden;

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Result, root};

/// The modules of the library, each with the crate that it is in: each line may know itself and the lines
/// before it.
const LAYERS: &[(&str, &[&str])] = &[
    // What everyone shares.
    (
        "model",
        &[
            "hash",
            "kind",
            "limits",
            "names",
            "nearest",
            "problem",
            "re2",
            "release",
            "strings",
            "validation",
            "version",
            "well_known",
        ],
    ),
    ("model", &["text"]),
    ("model", &["schema"]),
    ("model", &["snapshot"]),
    ("mesh", &["grpc_status", "pool_service", "rules"]),
    ("mesh", &["features"]),
    ("mesh", &["options"]),
    ("mesh", &["controllers", "detect"]),
    ("mesh", &["assume"]),
    ("mesh", &["admission"]),
    ("mesh", &["mesh"]),
    ("mesh", &["plan"]),
    // Here Envoy's messages begin.
    ("core", &["json"]),
    ("core", &["resources"]),
    ("core", &["lists", "opened"]),
    ("core", &["dialect"]),
    ("core", &["translation"]),
    ("core", &["bootstrap", "cost", "convert", "manifests", "static_config", "ztunnel"]),
    ("core", &["status"]),
    ("core", &["dataplane_mode"]),
    ("core", &["trace"]),
    ("core", &["lint"]),
    ("core", &["describe"]),
    ("core", &["diff"]),
    ("core", &["expect"]),
    ("core", &["view"]),
    ("core", &["session"]),
    ("core", &["live"]),
];

/// The crates that [`LAYERS`] speaks of.
const CRATES: [&str; 3] = ["model", "mesh", "core"];

/// Modules of one layer that may know each other: [`LAYERS`] has no order for them.
const BESIDE: &[(&str, &str)] = &[
    ("problem", "names"),
    ("names", "kind"),
    ("kind", "well_known"),
    ("manifests", "bootstrap"),
    ("static_config", "bootstrap"),
];

/// Runs the task.
pub(crate) fn run() -> Result<()> {
    let mut upward = Vec::new();
    let mut texts = Vec::new();
    for name_of_crate in CRATES {
        let source = root().join("crates").join(name_of_crate).join("src");
        for file in files(&source)? {
            let name = file.strip_prefix(&source)?.with_extension("").to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(&file)?;
            // Tests may look at what comes of it.
            if name.ends_with("tests") {
                continue;
            }
            let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            upward.extend(of_file(name_of_crate, &name, text)?);
            texts.push((name, text.to_owned()));
        }
    }
    if !upward.is_empty() {
        return Err(format!("imports that run up:\n  {}", upward.join("\n  ")).into());
    }
    let forbidden = forbidden::problems(texts.iter().map(|(name, text)| (name.as_str(), text.as_str())));
    if !forbidden.is_empty() {
        return Err(format!("names that a step must not use:\n  {}", forbidden.join("\n  ")).into());
    }
    println!("{} files of the library know no later step than their own", texts.len());
    Ok(())
}

/// What a file must not know, as `file:line: module`.
fn of_file(name_of_crate: &str, name: &str, text: &str) -> Result<Vec<String>> {
    let depth = name.trim_end_matches("/mod").split('/').count();
    let module = name.split('/').next().unwrap_or_default();
    if module == "lib" {
        return Ok(Vec::new());
    }
    let own = layer(module)
        .filter(|own| LAYERS.get(*own).is_some_and(|(of, _)| *of == name_of_crate))
        .ok_or_else(|| {
            format!("the module `{module}` of `{name_of_crate}` has no place in LAYERS (xtask/src/layers.rs)")
        })?;
    let mut upward = Vec::new();
    for (known, line) in mentioned(text, depth) {
        let Some(other) = layer(&known) else { continue };
        let beside = BESIDE.contains(&(module, known.as_str()));
        if known != module && !beside && other >= own {
            upward.push(format!("{name}.rs:{line}: {module} knows {known}"));
        }
    }
    Ok(upward)
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, modules)| modules.contains(&module))
}

/// The modules of the crate's root that a text names, each with its line: behind `crate::`, in the braces of
/// a `use crate::{…}`, or behind as many `super::` as lead to the root.
fn mentioned(text: &str, depth: usize) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let to_root = "super::".repeat(depth);
    for start in ["crate::", to_root.as_str()] {
        for (at, _) in text.match_indices(start) {
            let before = text.get(..at).unwrap_or_default();
            // `pub(in crate::x)` says who may see, not who is known; `x_crate::` is another crate.
            if before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                || before.ends_with("(in ")
            {
                continue;
            }
            let line = before.matches('\n').count() + 1;
            let rest = text.get(at + start.len()..).unwrap_or_default();
            found.extend(first_segments(rest).into_iter().map(|name| (name, line)));
        }
    }
    found
}

/// The first names of a path, or of each path in its braces.
fn first_segments(path: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut depth, mut names, mut start) = (0_usize, Vec::new(), 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(name(group.get(start..at).unwrap_or_default()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

/// Every Rust file below a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push(path);
        }
    }
    all.sort();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::{LAYERS, layer, of_file};

    fn upward(name: &str, text: &str) -> Vec<String> {
        let module = name.split('/').next().unwrap();
        of_file(LAYERS[layer(module).unwrap()].0, name, text).unwrap()
    }

    #[test]
    fn paths_that_run_up_are_found_however_they_are_written() {
        for text in [
            "use crate::view::json;",
            "use crate::{Str, mesh::Mesh, view::{json, yaml}};",
            "/// See [`crate::view`].",
            "fn f() -> crate::view::Table {}",
            "use super::super::view::json;",
        ] {
            assert_eq!(upward("mesh/waypoint", text), ["mesh/waypoint.rs:1: mesh knows view"], "{text}");
        }
        assert_eq!(
            upward("text/mod", "\n\nuse crate::snapshot::Kind;"),
            ["text/mod.rs:3: text knows snapshot"]
        );
    }

    #[test]
    fn paths_that_run_down_or_stay_are_fine() {
        for text in [
            "use crate::{Str, limits::Limits, mesh::{Mesh, view}};",
            "pub(in crate::view) fn f() {}",
            "use other_crate::view::json;",
            "use super::super::Mesh;",
        ] {
            assert_eq!(upward("mesh/waypoint/mod", text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn modules_have_a_place() {
        assert!(of_file("core", "news/mod", "").is_err());
        assert!(of_file("model", "view/mod", "").is_err());
    }
}
