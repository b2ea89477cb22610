//! Files and directories to source texts, for the command line and for Python: the library itself reads no file.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use waypoint_xds::options::Settings;
use waypoint_xds::text::SourceFile;

/// A file or directory that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct FileError {
    /// The file or directory.
    pub path: PathBuf,
    /// What the operating system says.
    pub source: std::io::Error,
}

/// Reads every file that the paths name; of a directory those with a known extension (`.yaml`, `.yml`, `.json`),
/// recursively and in the order of their names.
///
/// # Errors
///
/// [`FileError`] for the first one that cannot be read.
pub fn read<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Vec<SourceFile>, FileError> {
    let mut files = Vec::new();
    for path in paths {
        let path = path.as_ref();
        if path.is_dir() { directory(path, &mut files)? } else { files.push(file(path)?) }
    }
    Ok(files)
}

fn directory(path: &Path, files: &mut Vec<SourceFile>) -> Result<(), FileError> {
    let listed = std::fs::read_dir(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries: Vec<PathBuf> =
        listed.map_err(|error| failed(path, error))?.into_iter().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            directory(&entry, files)?;
        } else if has_known_extension(&entry) {
            files.push(file(&entry)?);
        }
    }
    Ok(())
}

fn has_known_extension(path: &Path) -> bool {
    path.extension().and_then(|e| e.to_str()).is_some_and(|e| matches!(e, "yaml" | "yml" | "json"))
}

fn file(path: &Path) -> Result<SourceFile, FileError> {
    let bytes = std::fs::read(path).map_err(|error| failed(path, error))?;
    Ok(SourceFile::from_bytes(path.display().to_string(), &bytes))
}

/// The settings that stand beside an input: the text of a mesh configuration, and flags of the control plane, `NAME=VALUE` a
/// line. A file that is not there sets nothing.
///
/// # Errors
///
/// [`FileError`] for one that is there and cannot be read.
pub fn settings(mesh_config: &Path, features: &Path) -> Result<Settings, FileError> {
    let flags = text_if_any(features)?.unwrap_or_default();
    Ok(Settings {
        mesh_config: text_if_any(mesh_config)?,
        mesh_config_name: mesh_config.file_name().map(|name| name.to_string_lossy().into_owned()),
        features: flags.lines().filter_map(flag).collect(),
        ..Settings::default()
    })
}

fn text_if_any(path: &Path) -> Result<Option<String>, FileError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path, error)),
    }
}

fn flag(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    Some((name.trim().to_owned(), value.trim().to_owned()))
}

fn failed(path: &Path, source: std::io::Error) -> FileError {
    FileError { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_read_recursively_by_name() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = std::env::temp_dir().join(format!("waypoint-xds-files-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("b")).unwrap();
        for name in ["c.yml", "a.yaml", "b/x.json", "b/notes.txt"] {
            std::fs::write(folder.join(name), name).unwrap();
        }
        let found = read([folder.as_path(), &here.join("Cargo.toml")]).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let texts: Vec<&str> = found.iter().map(SourceFile::text).collect();
        assert_eq!(texts[..3], ["a.yaml", "b/x.json", "c.yml"]);
        // What is named is read, whatever its extension.
        assert!(texts[3].starts_with("[package]"));
    }

    #[test]
    fn settings_stand_beside_an_input() {
        let folder = std::env::temp_dir().join(format!("waypoint-xds-settings-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("features"), "A=true\n\n B = 1=2 \n").unwrap();
        let settings = settings(&folder.join("mesh.yaml"), &folder.join("features")).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(settings.mesh_config, None);
        let flags: Vec<_> =
            settings.features.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(flags, [("A", "true"), ("B", "1=2")]);
    }

    #[test]
    fn an_error_names_the_file() {
        let error = read(["no/such.yaml"]).unwrap_err();
        assert!(error.to_string().starts_with("no/such.yaml: "), "{error}");
    }
}
