//! Every crate that is published has what a registry shows, and what it and its tests are compiled of lies in
//! it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::{Table, Value};

fn crates() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().canonicalize().unwrap())
        .collect();
    all.retain(|path| path.join("Cargo.toml").is_file());
    all.sort();
    all
}

fn package(folder: &Path) -> Table {
    let manifest: Table = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap();
    manifest.get("package").and_then(Value::as_table).unwrap().clone()
}

fn published() -> Vec<PathBuf> {
    crates()
        .into_iter()
        .filter(|folder| package(folder).get("publish") != Some(&Value::Boolean(false)))
        .collect()
}

/// The files in a crate's package, as cargo lists them.
fn packed(folder: &Path) -> BTreeSet<String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["package", "--list", "--allow-dirty", "--offline", "--quiet"]);
    let output = cargo.current_dir(folder).output().expect("cargo is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// A path of a package without `.` and `..`; none if it leads out.
fn plain(path: &str) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[test]
fn published_crates_have_what_a_registry_shows() {
    let licence =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../LICENSE")).unwrap();
    let published = published();
    assert!(published.len() >= 5, "crates got lost");
    for folder in published {
        let package = package(&folder);
        for field in
            ["description", "license", "repository", "keywords", "categories", "readme", "rust-version"]
        {
            assert!(package.contains_key(field), "{}: no `{field}`", folder.display());
        }
        let readme = package.get("readme").and_then(Value::as_str).unwrap();
        assert!(folder.join(readme).is_file(), "{}: no {readme}", folder.display());
        let all_features =
            package.get("metadata").and_then(|metadata| metadata.get("docs")?.get("rs")?.get("all-features"));
        assert_eq!(
            all_features,
            Some(&Value::Boolean(true)),
            "{}: docs.rs leaves features out",
            folder.display()
        );
        let own = std::fs::read_to_string(folder.join("LICENSE"));
        assert!(
            own.is_ok_and(|own| own == licence),
            "{}: no LICENSE, a link to the repository's",
            folder.display()
        );
    }
}

/// The crate's own page is a guide: it says what it is for, and has an example that is run.
#[test]
fn crate_documentation_is_a_guide() {
    for folder in published() {
        let Ok(library) = std::fs::read_to_string(folder.join("src/lib.rs")) else { continue };
        let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
        let is_shown = library.contains("#![doc = include_str!(\"../README.md\")]");
        let example =
            if is_shown { readme.contains("\n```rust\n") } else { library.contains("\n//! ```\n//! use ") };
        assert!(example, "{}: its page has no example", folder.display());
        assert!(readme.lines().count() > 8, "{}: the README says too little", folder.display());
    }
}

#[test]
fn packages_are_compiled_of_what_is_in_them() {
    for folder in published() {
        let packed = packed(&folder);
        for needed in ["Cargo.toml", "LICENSE", "README.md"] {
            assert!(packed.contains(needed), "{}: {needed} is not packed", folder.display());
        }
        for file in packed.iter().filter(|file| file.ends_with(".rs")) {
            let text = std::fs::read_to_string(folder.join(file)).unwrap();
            for rest in text.split("include_str!(\"").skip(1).chain(text.split("include_bytes!(\"").skip(1)) {
                let Some((included, _)) = rest.split_once('"') else { continue };
                let beside = file.rsplit_once('/').map_or("", |(directory, _)| directory);
                let included = plain(&format!("{beside}/{included}"));
                assert!(
                    included.as_ref().is_some_and(|included| packed.contains(included)),
                    "{}: {file} includes {included:?}, which is not packed",
                    folder.display()
                );
            }
            // What is read when it runs would be sought where the package was made.
            let asks =
                ["CARGO_MANIFEST_DIR", "CARGO_BIN_EXE"].iter().find(|variable| text.contains(*variable));
            assert_eq!(asks, None, "{}: {file}", folder.display());
        }
        let strays: Vec<_> = packed.iter().filter(|file| file.starts_with("target/")).collect();
        assert!(strays.is_empty(), "{}: built files are packed: {strays:?}", folder.display());
    }
}

#[test]
fn releasing_names_every_crate_that_is_published() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../RELEASING.md")).unwrap();
    let row = page.lines().find_map(|line| line.strip_prefix("| crates |")).expect("a row for crates");
    let named: BTreeSet<&str> =
        row.split('`').skip(1).step_by(2).filter(|name| name.starts_with("waypoint-xds")).collect();
    let all: Vec<Table> = published().iter().map(|folder| package(folder)).collect();
    let published: BTreeSet<&str> = all.iter().filter_map(|package| package.get("name")?.as_str()).collect();
    assert_eq!(named, published);
}

/// What a user's build of a published crate needs has a version, and is published itself: cargo takes it from
/// the registry. What only tests need has none, and is left out of the package.
#[test]
fn what_published_crates_need_is_published() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let workspace: Table = std::fs::read_to_string(workspace).unwrap().parse().unwrap();
    let all: Vec<Table> = published().iter().map(|folder| package(folder)).collect();
    let names: BTreeSet<&str> = all.iter().filter_map(|package| package.get("name")?.as_str()).collect();
    let shared = workspace.get("workspace").and_then(|table| table.get("dependencies")).unwrap();
    let version = workspace.get("workspace").and_then(|table| table.get("package")?.get("version"));
    for folder in published() {
        let manifest: Table = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap();
        for (section, packed) in [("dependencies", true), ("dev-dependencies", false)] {
            let needs = manifest.get(section).and_then(Value::as_table).into_iter().flatten();
            for (key, need) in needs {
                let is_shared = need.get("workspace") == Some(&Value::Boolean(true));
                let need = if is_shared { shared.get(key).unwrap() } else { need };
                if need.get("path").is_none() {
                    continue;
                }
                let name = need.get("package").and_then(Value::as_str).unwrap_or(key);
                let where_it_is = format!("{}: {key}", folder.display());
                if packed {
                    assert!(names.contains(name), "{where_it_is} is not published");
                    assert_eq!(need.get("version"), version, "{where_it_is}");
                } else if !names.contains(name) {
                    assert_eq!(
                        need.get("version"),
                        None,
                        "{where_it_is} is not published, so it has no version"
                    );
                }
            }
        }
    }
}
