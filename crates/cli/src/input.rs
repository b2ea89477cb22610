//! Files, directories and standard input to source texts.

use std::io::Read;
use std::path::Path;

use files::{Excluded, FileError, Found};
use waypoint_xds::Session;
use waypoint_xds::options::Options;
use waypoint_xds::text::SourceFile;

use crate::Failure;
use crate::args::Input;

/// What problems call standard input.
pub(crate) const STDIN: &str = "<stdin>";

/// Reads every file that the paths name: of a directory those that may hold objects, `-` from standard input. What another
/// program would have to render is told. Files of tests come apart.
pub(crate) fn read(input: &Input) -> Result<Found, Failure> {
    let excluded = Excluded::new(input.exclude.iter().cloned())?;
    let mut all = Found::default();
    for path in &input.paths {
        if path.as_os_str() == "-" {
            all.sources.push(SourceFile::from_bytes(STDIN, &standard_input()?));
        } else {
            let found = files::read_without([path], &excluded)?;
            found.unrendered.iter().for_each(|unrendered| eprintln!("note: {unrendered}"));
            all.sources.extend(found.sources);
            all.tests.extend(found.tests);
        }
    }
    Ok(all)
}

/// A snapshot of what was read.
///
/// Nothing at all is a mistake mostly: a wrong folder, a pipe that failed. It is an error, unless it is allowed.
pub(crate) fn session(
    sources: Vec<SourceFile>,
    options: &Options,
    input: &Input,
) -> Result<Session, Failure> {
    let files = sources.len();
    let session = Session::read(sources, options);
    let summary = &session.input().summary;
    let nothing = summary.objects_read() + summary.objects_ignored() + summary.objects_left_out() == 0
        && summary.unreadable_documents == 0;
    if input.allow_empty || !nothing {
        return Ok(session);
    }
    let paths: Vec<String> = input.paths.iter().map(|path| path.display().to_string()).collect();
    Err(Failure::Empty { paths: paths.join(", "), files })
}

fn standard_input() -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(|source| failed(Path::new(STDIN), source))?;
    Ok(bytes)
}

/// The text of standard input.
pub(crate) fn standard() -> Result<String, Failure> {
    let invalid =
        |error| failed(Path::new(STDIN), std::io::Error::new(std::io::ErrorKind::InvalidData, error));
    String::from_utf8(standard_input()?).map_err(invalid)
}

/// The text of one file.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|source| failed(path, source))
}

pub(crate) fn failed(path: &Path, source: std::io::Error) -> Failure {
    Failure::File(FileError::Io { path: path.to_owned(), source })
}
