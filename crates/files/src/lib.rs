#![doc = include_str!("../README.md")]
//!
//! # Inside
//!
//! | module | reads |
//! |---|---|
//! | `cluster` | objects of a cluster, by `kubectl get` |
//! | `folder` | the files of a directory that may hold objects |
//! | `git` | files as they were in a revision |
//! | `objects` | whether a text may hold objects |
//! | `packed` | packed files and archives |
//! | `render` | what `kustomize` and `helm` make of a directory |
#![forbid(unsafe_code)]

mod cluster;
mod folder;
mod git;
mod objects;
mod packed;
mod render;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use waypoint_xds::expect::is_tests;
use waypoint_xds::limits::Limits;
use waypoint_xds::options::Settings;
use waypoint_xds::problem::{Code, Problem};
use waypoint_xds::text::{SourceFile, cluster_and_name};

pub use cluster::{Cluster, Copied, Query};
pub use folder::{Excluded, is_read};
pub use git::Revision;
pub use render::Renderer;

/// Something that could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// A file or directory.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// A packed file or an archive.
    #[error("{}: {reason}", path.display())]
    Packed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A pattern of files that are left out.
    #[error("the pattern `{pattern}` is none: {reason}")]
    Pattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// What another program was to give: a directory that was to be rendered, a revision.
    #[error("`{command}` failed: {reason}")]
    Rendering {
        /// The command.
        command: String,
        /// What it said, or why it could not be run.
        reason: String,
    },
}

/// What was read, and what was not.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Found {
    /// The texts.
    pub sources: Vec<SourceFile>,
    /// Files of tests: they are no part of a snapshot.
    pub tests: Vec<SourceFile>,
    /// Charts and kustomizations, which another program renders.
    pub unrendered: Vec<Unrendered>,
    /// What a cluster did not tell, in words.
    pub notes: Vec<String>,
}

impl Found {
    /// With files of tests apart from others, and each directory told once.
    fn sorted(mut self) -> Self {
        self.unrendered.sort();
        self.unrendered.dedup();
        let (tests, sources) = self.sources.into_iter().partition(|source| is_tests(source.text()));
        Self { sources, tests, ..self }
    }

    /// Adds what a cluster has.
    pub fn add(&mut self, copied: Copied) {
        self.sources.extend(copied.sources);
        self.notes.extend(copied.notes);
    }

    /// Adds what else was read.
    pub fn extend(&mut self, other: Self) {
        self.sources.extend(other.sources);
        self.tests.extend(other.tests);
        self.unrendered.extend(other.unrendered);
        self.notes.extend(other.notes);
    }

    /// What was not read, as problems of the snapshot.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        let unlisted = self.notes.iter().map(|note| {
            let problem = Problem::new(Code::NotListed, note.as_str());
            problem.help("kubectl's user needs the permission to list them")
        });
        self.unrendered.iter().map(Unrendered::problem).chain(unlisted).collect()
    }
}

/// A directory whose files are not the objects that a cluster gets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Unrendered {
    /// The directory, named as its files are.
    pub directory: PathBuf,
    /// What renders it.
    pub renderer: Renderer,
    /// Where it is.
    pub within: Within,
}

/// Where a directory is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Within {
    /// Among the files of this machine.
    Files,
    /// In a revision of a repository.
    Revision,
    /// In an archive.
    Archive,
}

impl Unrendered {
    fn problem(&self) -> Problem {
        let (directory, prefix) = (self.directory.display(), self.renderer.prefix());
        let message = match self.renderer {
            Renderer::Helm => format!("`{directory}` is a Helm chart: nothing of it was read"),
            Renderer::Kustomize => {
                format!("`{directory}` has a kustomization: its files were read as they are")
            }
        };
        let help = match self.within {
            Within::Files => format!("read `{prefix}{directory}` instead, which is rendered"),
            Within::Revision => {
                format!("check it out, and read it as `{prefix}DIRECTORY`, which is rendered")
            }
            Within::Archive => format!("unpack it, and read it as `{prefix}DIRECTORY`, which is rendered"),
        };
        Problem::new(Code::NotRendered, message).help(help)
    }
}

/// What of the files that are named is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Files of directories that are left out.
    pub excluded: Excluded,
    /// How many bytes of a file are read, and unpacked of one that is packed: [`Limits::bytes`].
    pub bytes: usize,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { excluded: Excluded::default(), bytes: Limits::DEFAULT.bytes }
    }
}

/// Reads every file that the paths name, unpacked if it is packed, the files of an archive, `kustomize:DIR`
/// and `helm:DIR` as these programs render them, `git:REVISION:PATH` as it was in that revision, the objects
/// of `cluster:CONTEXT`. `CLUSTER=` before any of these says which cluster the objects are in; the first
/// cluster is the control plane's own.
///
/// Of a directory, recursively and in the order of their names, the files with a known extension (`.yaml`,
/// `.yml`, `.json`, packed too) in which a document has an `apiVersion` and a `kind`; not those that
/// `.gitignore` or [`Wanted::excluded`] leaves out, hidden ones, those of `node_modules` and of Helm charts.
/// Files of tests come apart. Links are followed, and a file counts once however it is reached.
///
/// # Errors
///
/// [`FileError`] for the first one that cannot be read.
pub fn read_wanted<P: AsRef<Path>>(
    paths: impl IntoIterator<Item = P>,
    wanted: &Wanted,
) -> Result<Found, FileError> {
    let mut found = Found::default();
    // A file counts once in each cluster.
    let mut seen: BTreeMap<Option<String>, BTreeSet<PathBuf>> = BTreeMap::new();
    for path in paths {
        let (cluster, path) = in_cluster(path.as_ref());
        let before = found.sources.len();
        let seen = seen.entry(cluster.map(str::to_owned)).or_default();
        if let Some((renderer, directory)) = render::parse(path) {
            found.sources.push(renderer.render(directory)?);
        } else if let Some(revision) = Revision::parse(path) {
            revision.read(wanted, &mut found)?;
        } else if let Some(asked) = Cluster::parse(path) {
            found.add(asked.read(|_, _, _| {})?);
        } else {
            read_files(path, wanted, seen, &mut found)?;
        }
        let read = found.sources.split_off(before);
        found.sources.extend(of_cluster(read, cluster));
    }
    Ok(found.sorted())
}

/// Reads a file, or the files of a directory.
fn read_files(
    path: &Path,
    wanted: &Wanted,
    seen: &mut BTreeSet<PathBuf>,
    found: &mut Found,
) -> Result<(), FileError> {
    if path.is_dir() {
        folder::read(path, wanted, seen, found)?;
    } else if seen.insert(identity(path)) {
        file(path, wanted, &mut |_| true, found)?;
    }
    Ok(())
}

/// Reads the files of tests that the paths name, or that stand in the directories that they name.
///
/// # Errors
///
/// [`FileError`] for the first one that cannot be read.
pub fn tests<P: AsRef<Path>>(
    paths: impl IntoIterator<Item = P>,
    wanted: &Wanted,
) -> Result<Vec<SourceFile>, FileError> {
    Ok(read_wanted(paths, wanted)?.tests)
}

/// The file or directory that a file of tests adds to the snapshot, by its path from the folder of that file;
/// or why it cannot be read. No program is run for it: whoever runs tests does not expect that.
///
/// # Errors
///
/// What [`FileError`] says, as a text.
pub fn setup(path: &str, wanted: &Wanted) -> Result<Vec<SourceFile>, String> {
    let mut found = Found::default();
    read_files(Path::new(path), wanted, &mut BTreeSet::new(), &mut found)
        .map_err(|error| error.to_string())?;
    Ok(found.sorted().sources)
}

/// The directory that another program renders of a path such as `helm:charts/shop`.
#[must_use]
pub fn rendered(path: &Path) -> Option<&Path> {
    render::parse(path).map(|(_, directory)| directory)
}

/// The cluster and the path in `CLUSTER=PATH`; a path that is there as it stands is one.
#[must_use]
pub fn in_cluster(path: &Path) -> (Option<&str>, &Path) {
    match path.to_str().map(cluster_and_name) {
        Some((Some(cluster), rest)) if !path.exists() => (Some(cluster), Path::new(rest)),
        _ => (None, path),
    }
}

/// Texts as what is in a cluster, if one is named.
#[must_use]
pub fn of_cluster(sources: Vec<SourceFile>, cluster: Option<&str>) -> Vec<SourceFile> {
    match cluster {
        Some(cluster) => sources.into_iter().map(|source| source.in_cluster(cluster)).collect(),
        None => sources,
    }
}

/// What makes a file the same as another: where it is, links resolved.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Reads a file, unpacked if it is packed, or those files of an archive that may hold objects: those of its
/// texts that are to be taken.
fn file(
    path: &Path,
    wanted: &Wanted,
    is_taken: &mut dyn FnMut(&SourceFile) -> bool,
    found: &mut Found,
) -> Result<(), FileError> {
    let bytes = packed::read(path, wanted.bytes)?;
    packed::read_into(&path.display().to_string(), bytes, wanted, is_taken, found)
}

/// What a reader has, standard input say, under a name: as a file of its bytes would be read.
///
/// # Errors
///
/// [`FileError`] when it cannot be read or unpacked.
pub fn read_from(name: &str, reader: impl Read, wanted: &Wanted) -> Result<Found, FileError> {
    let bytes = packed::read_all(reader, wanted.bytes).map_err(|error| failed(Path::new(name), error))?;
    let mut found = Found::default();
    packed::read_into(name, bytes, wanted, &mut |_| true, &mut found)?;
    Ok(found.sorted())
}

/// The settings that stand beside an input: the text of a mesh configuration, and flags of the control plane,
/// `NAME=VALUE` a line. A file that is not there sets nothing.
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
    FileError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn tests_are_no_part_of_a_snapshot() {
        let folder = std::env::temp_dir().join(format!("waypoint-xds-tests-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.yaml"), "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n")
            .unwrap();
        let test = "apiVersion: waypoint-xds.io/v1\nkind: MeshTest\ntests: [\n";
        std::fs::write(folder.join("a.test.yaml"), test).unwrap();
        let names = |sources: &[SourceFile]| -> Vec<String> {
            let name = |source: &SourceFile| source.name().rsplit('/').next().unwrap().to_owned();
            sources.iter().map(name).collect()
        };
        let found = read_wanted([&folder], &Wanted::default()).unwrap();
        let tests = tests([&folder, &folder.join("a.test.yaml")], &Wanted::default()).unwrap();
        let named = read_wanted([folder.join("a.test.yaml")], &Wanted::default()).unwrap().sources;
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            (names(&found.sources), names(&found.tests)),
            (vec!["a.yaml".into()], vec!["a.test.yaml".into()])
        );
        assert_eq!((names(&tests), names(&named)), (vec!["a.test.yaml".into()], Vec::<String>::new()));
    }

    #[test]
    fn what_a_test_adds_is_limited_as_anything_else() {
        let folder = std::env::temp_dir().join(format!("waypoint-xds-setup-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let object = "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n";
        std::fs::write(folder.join("a.yaml"), object).unwrap();
        std::fs::write(folder.join("b.yaml"), object).unwrap();
        let excluded = Excluded::new(["b.yaml".to_owned()]).unwrap();
        let read = setup(folder.to_str().unwrap(), &Wanted { excluded, bytes: 10 }).unwrap();
        let run = setup("helm:no-such-chart", &Wanted::default()).unwrap_err();
        std::fs::remove_dir_all(&folder).unwrap();
        let lengths: Vec<usize> = read.iter().map(|source| source.text().len()).collect();
        assert_eq!(lengths, [11], "one more than the limit, so that the reader sees that it is more");
        assert!(run.starts_with("helm:no-such-chart: "), "no program is run: {run}");
    }

    #[test]
    fn an_error_names_the_file() {
        let error = read_wanted(["no/such.yaml"], &Wanted::default()).unwrap_err();
        assert!(error.to_string().starts_with("no/such.yaml: "), "{error}");
    }
}
