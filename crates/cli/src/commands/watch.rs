//! Runs something again whenever files change.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use files::{Cluster, Revision};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use crate::args::Input;
use crate::{ERROR, Failure, Outcome, output};

/// An editor writes a file in several steps: what follows so soon belongs to it.
const QUIET: Duration = Duration::from_millis(100);

/// What is watched.
#[derive(Default)]
pub(super) struct Inputs<'a> {
    /// Files and directories that are read.
    paths: Vec<&'a Path>,
    /// A directory that is written: what is below it is no input.
    written: Option<&'a Path>,
}

impl<'a> Inputs<'a> {
    /// What an [`Input`] names.
    pub(super) fn of(input: &'a Input) -> Self {
        Self::default().and(&input.paths).and(&input.how.mesh_config)
    }

    /// With further files.
    pub(super) fn and(mut self, paths: impl IntoIterator<Item = &'a PathBuf>) -> Self {
        self.paths.extend(paths.into_iter().map(PathBuf::as_path));
        self
    }

    /// Without what a run writes.
    pub(super) fn without(self, written: Option<&'a PathBuf>) -> Self {
        Self { written: written.map(PathBuf::as_path), ..self }
    }
}

/// Runs something once, or again whenever one of the files changes that it reads.
pub(super) fn run_if(
    wanted: bool,
    inputs: Inputs<'_>,
    once: impl Fn() -> Result<Outcome, Failure>,
) -> Result<Outcome, Failure> {
    if wanted { run(inputs, || once().map(|_| Vec::new())) } else { once() }
}

/// Runs `again` now, and whenever one of these files changes; it gives further files to be watched. What
/// stops one run is told, and does not stop the next.
pub(super) fn run(
    inputs: Inputs<'_>,
    mut again: impl FnMut() -> Result<Vec<PathBuf>, Failure>,
) -> Result<Outcome, Failure> {
    let (sender, events) = channel();
    let send = move |event| {
        // Nobody listens any more when the program ends.
        let _ = sender.send(event);
    };
    if inputs.paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(Failure::Usage(
            "--watch reads again what changes: standard input cannot be read again".to_owned(),
        ));
    }
    let mut watched = Watched::new(notify::recommended_watcher(send)?);
    inputs.paths.iter().try_for_each(|path| watched.add(files::in_cluster(path).1))?;
    loop {
        match again() {
            Ok(others) => others.iter().try_for_each(|path| watched.add(path))?,
            Err(failure) => output::say(&format!("{ERROR}: {failure}\n")),
        }
        // Once it is there: links on the way to it are resolved.
        watched.written = inputs.written.map(real);
        output::say("waiting for changes\n");
        if !wait(&events, &watched) {
            return Ok(Outcome::Clean);
        }
    }
}

struct Watched {
    watcher: RecommendedWatcher,
    paths: BTreeSet<PathBuf>,
    /// The names of files that are read whatever they are called.
    named: BTreeSet<OsString>,
    /// Directories of which every file counts, since another program reads them.
    rendered: BTreeSet<PathBuf>,
    /// The directory of which no file counts.
    written: Option<PathBuf>,
}

impl Watched {
    fn new(watcher: RecommendedWatcher) -> Self {
        let (paths, named, rendered) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        Self { watcher, paths, named, rendered, written: None }
    }

    /// Watches a directory with all in it, or the directory of a file: editors replace files. Revisions do
    /// not change, and of clusters nobody hears.
    fn add(&mut self, path: &Path) -> Result<(), Failure> {
        if Revision::parse(path).is_some() || Cluster::parse(path).is_some() {
            return Ok(());
        }
        let path = match files::rendered(path) {
            Some(directory) => {
                self.rendered.extend(std::path::absolute(directory));
                directory
            }
            None => path,
        };
        if !path.is_dir() {
            self.named.extend(path.file_name().map(OsStr::to_owned));
        }
        let (path, mode) = match path.parent() {
            _ if path.is_dir() => (path, RecursiveMode::Recursive),
            Some(folder) if !folder.as_os_str().is_empty() => (folder, RecursiveMode::NonRecursive),
            _ => (Path::new("."), RecursiveMode::NonRecursive),
        };
        if self.paths.insert(path.to_owned()) {
            self.watcher.watch(path, mode)?;
        }
        Ok(())
    }

    fn is_change(&self, event: &Event) -> bool {
        !event.kind.is_access() && event.paths.iter().any(|path| self.is_input(path))
    }

    fn is_input(&self, path: &Path) -> bool {
        if self.written.as_ref().is_some_and(|written| real(path).starts_with(written)) {
            return false;
        }
        let is_named = |name: &OsStr| name == MOUNTED || self.named.contains(name);
        files::is_read(path)
            || path.file_name().is_some_and(is_named)
            || self.rendered.iter().any(|directory| path.starts_with(directory))
    }
}

/// A path with the links on the way to it resolved, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let resolved = |above: &Path| {
        let above_is = above.canonicalize().ok()?;
        Some(above_is.join(path.strip_prefix(above).ok()?))
    };
    path.ancestors().find_map(resolved).unwrap_or_else(|| path.to_owned())
}

/// The link that a mounted ConfigMap exchanges when it changes.
const MOUNTED: &str = "..data";

/// Waits until a file that may be an input has changed, and nothing more comes; false where nothing can come
/// any more.
fn wait(events: &Receiver<notify::Result<Event>>, watched: &Watched) -> bool {
    loop {
        let Ok(event) = events.recv() else { return false };
        if event.is_ok_and(|event| watched.is_change(&event)) {
            while events.recv_timeout(QUIET).is_ok() {}
            return true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched() -> Watched {
        let mut watched = Watched::new(notify::recommended_watcher(|_| {}).unwrap());
        watched.named.insert("mesh.txt".into());
        watched.rendered.insert("/charts/shop".into());
        watched
    }

    #[test]
    fn whatever_may_be_read_counts() {
        let mut watched = watched();
        for path in [
            "/a/b.yaml",
            "/a/b.yaml.gz",
            "/a/b.json.zst",
            "/a/mesh.txt",
            "/a/..data",
            "/charts/shop/templates/x.tpl",
        ] {
            assert!(watched.is_input(Path::new(path)), "{path}");
        }
        watched.written = Some("/a/out".into());
        for path in [
            "/a/out/shop__waypoint/routes.json",
            "/a/./out/x.json",
            "/a/b.txt",
            "/a/.b.yaml.swp",
            "/charts/other/x.tpl",
        ] {
            assert!(!watched.is_input(Path::new(path)), "{path}");
        }
    }
}
