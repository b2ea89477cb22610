//! Files, directories and standard input to source texts.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use files::{Cluster, Excluded, FileError, Found, Wanted};
use waypoint_xds::Session;
use waypoint_xds::limits::{LimitError, Limits};
use waypoint_xds::options::Options;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::{config_dump, ztunnel};

use crate::Failure;
use crate::args::Input;
use crate::progress::Progress;

/// What problems call standard input.
pub(crate) const STDIN: &str = "<stdin>";

/// Reads every file that the paths name: of a directory those that may hold objects, `-` from standard input.
/// What another program would have to render is told. Files of tests come apart.
pub(crate) fn read(input: &Input) -> Result<Found, Failure> {
    let wanted = wanted(input)?;
    let mut all = Found::default();
    for path in &input.paths {
        let (cluster, place) = files::in_cluster(path);
        if place.as_os_str() == "-" {
            let sources = files::read_from(STDIN, std::io::stdin(), &wanted)?;
            all.sources.extend(files::of_cluster(sources, cluster));
        } else if let Some(asked) = Cluster::parse(place) {
            let mut copied = Progress::asking(input.how.quiet == 0, &asked)?;
            copied.notes.iter().for_each(|note| input.how.note(&format!("note: {note}")));
            copied.sources = files::of_cluster(copied.sources, cluster);
            all.add(copied);
        } else {
            let found = files::read_wanted([path], &wanted)?;
            found.unrendered.iter().for_each(|unrendered| input.how.note(&format!("note: {unrendered}")));
            all.sources.extend(found.sources);
            all.tests.extend(found.tests);
        }
    }
    Ok(all)
}

/// What of the files is read.
pub(crate) fn wanted(input: &Input) -> Result<Wanted, Failure> {
    let excluded = Excluded::new(input.how.exclude.iter().cloned())?;
    Ok(Wanted { excluded, bytes: input.how.limits()?.bytes })
}

/// A snapshot of what was read.
///
/// Nothing at all is a mistake mostly: a wrong folder, a pipe that failed. It is an error, unless it is
/// allowed.
pub(crate) fn session(
    sources: Vec<SourceFile>,
    options: &Options,
    input: &Input,
) -> Result<Session, Failure> {
    let files = sources.len();
    let session = Progress::during(input.how.quiet == 0, "reading", || Session::read(sources, options));
    let summary = &session.input().summary;
    if summary.objects_read() == 0
        && let Some(dump) = session.input().files.iter().find_map(dump)
    {
        return Err(dump);
    }
    let nothing = summary.objects_read() + summary.objects_ignored() + summary.objects_left_out() == 0
        && summary.unreadable_documents == 0;
    if input.how.allow_empty || !nothing {
        return Ok(session);
    }
    let paths: Vec<String> = input.paths.iter().map(|path| path.display().to_string()).collect();
    Err(Failure::Empty { paths: paths.join(", "), files })
}

/// What a file is, if it is what a live proxy prints: only the command that prints the same reads it.
fn dump(file: &SourceFile) -> Option<Failure> {
    let (of, command) = if ztunnel::parse(file.text()).is_some() {
        ("a ztunnel", "ztunnel-config")
    } else if config_dump::parse(file.text()).is_some() {
        ("an Envoy", "proxy-config")
    } else {
        return None;
    };
    let name = file.name();
    Some(Failure::Usage(format!("`{name}` is the config dump of {of}: `waypoint-xds {command} -f` reads it")))
}

/// The text of standard input.
pub(crate) fn standard(limits: &Limits) -> Result<String, Failure> {
    bounded(Path::new(STDIN), std::io::stdin(), limits)
}

/// The text of one file.
pub(crate) fn text(path: &Path, limits: &Limits) -> Result<String, Failure> {
    let file = File::open(path).map_err(|source| failed(path, source))?;
    bounded(path, file, limits)
}

/// A text that is not longer than it may be: no more than that is read of one that is.
fn bounded(path: &Path, reader: impl Read, limits: &Limits) -> Result<String, Failure> {
    let limit = limits.bytes;
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    reader.take(most).read_to_end(&mut bytes).map_err(|source| failed(path, source))?;
    if bytes.len() > limit {
        let error = LimitError::FileTooLarge { limit };
        return Err(Failure::Usage(format!("{}: {error} (`--limit bytes=N`)", path.display())));
    }
    String::from_utf8(bytes).map_err(|error| failed(path, std::io::Error::new(ErrorKind::InvalidData, error)))
}

pub(crate) fn failed(path: &Path, source: std::io::Error) -> Failure {
    Failure::File(FileError::Io { path: path.to_owned(), source })
}
