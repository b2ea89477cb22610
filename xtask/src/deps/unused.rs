//! Dependencies that no file of a package names.

use std::path::Path;

use super::Package;
use crate::Result;

/// What a package says that it needs, and does not name in any of its files.
pub(super) fn unused(package: &Package) -> Result<Vec<String>> {
    let folder = Path::new(&package.manifest_path).parent().ok_or("a manifest is in a folder")?;
    let mut texts = Vec::new();
    read(folder, &mut texts)?;
    let needed = package.dependencies.iter().filter(|needed| needed.target.as_deref() != Some("cfg(any())"));
    let unused = needed.filter(|needed| {
        let name = needed.rename.as_ref().unwrap_or(&needed.name).replace('-', "_");
        !texts.iter().any(|text| names(text, &name))
    });
    Ok(unused.map(|unused| format!("{} does not use {}", package.name, unused.name)).collect())
}

/// Whether a text has a name as a word of its own, in front of `::`, `;` or the like.
fn names(text: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let (before, after) =
            (text.get(..at).unwrap_or_default(), text.get(at + name.len()..).unwrap_or_default());
        !before.ends_with(is_word)
            && (after.starts_with("::") || after.starts_with(';') || after.starts_with(" as "))
    })
}

/// The texts of a package's own files of Rust: not those of packages within it.
fn read(folder: &Path, texts: &mut Vec<String>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let is_other =
            path.join("Cargo.toml").is_file() || path.ends_with("target") || path.ends_with("node_modules");
        if path.is_dir() && !is_other {
            read(&path, texts)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push(std::fs::read_to_string(path)?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn a_name_is_a_word_in_front_of_a_path() {
        assert!(names("use serde::Deserialize;", "serde"));
        assert!(names("x = toml::from_str(y)", "toml"));
        assert!(!names("use serde_json::Value; // serde", "serde"));
        assert!(!names("my_toml::x", "toml"));
    }
}
