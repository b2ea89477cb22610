//! Files, directories and standard input to source texts.

use std::io::Read;
use std::path::{Path, PathBuf};

use waypoint_xds::text::SourceFile;

use crate::Failure;

/// Reads every file that the paths name; a directory recursively, in the order of names.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<SourceFile>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            std::io::stdin()
                .read_to_end(&mut bytes)
                .map_err(|source| failed(Path::new("<stdin>"), source))?;
            files.push(SourceFile::from_bytes("<stdin>", &bytes));
        } else if path.is_dir() {
            read_directory(path, &mut files)?;
        } else {
            files.push(read_file(path)?);
        }
    }
    Ok(files)
}

fn read_directory(directory: &Path, files: &mut Vec<SourceFile>) -> Result<(), Failure> {
    let listed = std::fs::read_dir(directory).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut entries: Vec<PathBuf> =
        listed.map_err(|source| failed(directory, source))?.into_iter().map(|entry| entry.path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read_directory(&path, files)?;
        } else if has_known_extension(&path) {
            files.push(read_file(&path)?);
        }
    }
    Ok(())
}

fn has_known_extension(path: &Path) -> bool {
    path.extension().and_then(|e| e.to_str()).is_some_and(|e| matches!(e, "yaml" | "yml" | "json"))
}

fn read_file(path: &Path) -> Result<SourceFile, Failure> {
    let bytes = std::fs::read(path).map_err(|source| failed(path, source))?;
    Ok(SourceFile::from_bytes(path.display().to_string(), &bytes))
}

/// The text of one file.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|source| failed(path, source))
}

pub(crate) fn failed(path: &Path, source: std::io::Error) -> Failure {
    Failure::File { path: path.display().to_string(), source }
}
