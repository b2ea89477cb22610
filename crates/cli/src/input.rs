//! Files, directories and standard input to source texts.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use files::{Cluster, Excluded, FileError, Found, Wanted};
use waypoint_xds::Session;
use waypoint_xds::limits::{LimitError, Limits};
use waypoint_xds::options::Options;
use waypoint_xds::problem::Problem;
use waypoint_xds::snapshot::{Snapshot, Summary};
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::{config_dump, ztunnel};

use crate::Failure;
use crate::args::Input;
use crate::progress::Progress;

/// What problems call standard input.
pub(crate) const STDIN: &str = "<stdin>";

/// Reads every file that the paths name: of a directory those that may hold objects, `-` from standard input.
/// Files of tests come apart.
pub(crate) fn read(input: &Input) -> Result<Found, Failure> {
    let wanted = wanted(input)?;
    let mut all = Found::default();
    for path in &input.paths {
        let (cluster, place) = files::in_cluster(path);
        if place.as_os_str() == "-" {
            let mut found = files::read_from(STDIN, std::io::stdin(), &wanted)?;
            found.sources = files::of_cluster(found.sources, cluster);
            all.extend(found);
        } else if let Some(asked) = Cluster::parse(place) {
            let mut copied = Progress::asking(input.how.quiet == 0, &asked)?;
            copied.sources = files::of_cluster(copied.sources, cluster);
            all.add(copied);
        } else {
            all.extend(files::read_wanted([path], &wanted)?);
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
/// Nothing at all is a mistake mostly: a wrong folder, a pipe that failed; and so is nothing but what no mesh
/// is made of. It is an error, unless it is allowed.
pub(crate) fn session(found: Found, options: &Options, input: &Input) -> Result<Session, Failure> {
    let files = found.sources.len();
    let session = Progress::during(input.how.quiet == 0, "reading", || {
        let told = found.problems();
        let mut reading = Snapshot::read(found.sources, &options.limits);
        reading.tell(told);
        Session::new(reading, options)
    });
    let reading = session.input();
    let summary = &reading.summary;
    if summary.objects_read() == 0
        && let Some(dump) = reading.files.iter().find_map(dump)
    {
        return Err(dump);
    }
    // What is wrong with something is told, and what is assumed of Deployments counts.
    let nothing = reading.snapshot.is_empty()
        && summary.objects_left_out() + summary.unreadable_documents == 0
        && !reading.problems.iter().any(Problem::is_error);
    if input.how.allow_empty || !nothing {
        return Ok(session);
    }
    let paths: Vec<String> = input.paths.iter().map(|path| path.display().to_string()).collect();
    let paths = paths.join(", ");
    Err(match summary.objects_ignored() {
        0 => Failure::Empty { paths, files },
        _ => Failure::Ignored { paths, objects: ignored(summary) },
    })
}

/// How many objects of which kinds were ignored.
fn ignored(summary: &Summary) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for ((_, kind, _), count) in &summary.ignored {
        *kinds.entry(kind).or_default() += count;
    }
    kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
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
