//! Files, directories and standard input to source texts.

use std::io::Read;
use std::path::{Path, PathBuf};

use files::FileError;
use waypoint_xds::text::SourceFile;

use crate::Failure;

/// What problems call standard input.
pub(crate) const STDIN: &str = "<stdin>";

/// Reads every file that the paths name; a directory recursively, `-` from standard input.
pub(crate) fn read(paths: &[PathBuf]) -> Result<Vec<SourceFile>, Failure> {
    let mut all = Vec::new();
    for path in paths {
        if path.as_os_str() == "-" {
            let mut bytes = Vec::new();
            std::io::stdin().read_to_end(&mut bytes).map_err(|source| failed(Path::new(STDIN), source))?;
            all.push(SourceFile::from_bytes(STDIN, &bytes));
        } else {
            all.extend(files::read([path])?);
        }
    }
    Ok(all)
}

/// The text of one file.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|source| failed(path, source))
}

pub(crate) fn failed(path: &Path, source: std::io::Error) -> Failure {
    Failure::File(FileError { path: path.to_owned(), source })
}
