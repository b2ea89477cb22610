//! Every crate that is published has what a registry shows, and what it and its unit tests are compiled of
//! lies in it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::path::{Path, PathBuf};

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

/// The Rust files below a folder.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
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
        let own = std::fs::read_to_string(folder.join("LICENSE"));
        assert!(
            own.is_ok_and(|own| own == licence),
            "{}: no LICENSE, a link to the repository's",
            folder.display()
        );
    }
}

#[test]
fn published_crates_are_compiled_of_their_own_files() {
    for folder in published() {
        for source in sources(&folder.join("src")) {
            let text = std::fs::read_to_string(&source).unwrap();
            for rest in text.split("include_str!(\"").skip(1).chain(text.split("include_bytes!(\"").skip(1)) {
                let Some((file, _)) = rest.split_once('"') else { continue };
                // A package has the file to which a link in it leads.
                let depth = source.parent().unwrap().strip_prefix(&folder).unwrap().components().count();
                let up = file.split('/').take_while(|part| *part == "..").count();
                assert!(up <= depth, "{} includes {file}", source.display());
            }
        }
    }
}
