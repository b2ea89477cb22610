//! Runs something again whenever files change.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use files::{Cluster, Revision};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use crate::args::Input;
use crate::{Failure, Outcome, output};

/// An editor writes a file in several steps: what follows so soon belongs to it.
const QUIET: Duration = Duration::from_millis(100);

/// Runs `again` now, and whenever a file of the input or of these paths changes; it gives further files to be
/// watched. What stops one run is told, and does not stop the next.
pub(super) fn run(
    input: &Input,
    others: &[PathBuf],
    mut again: impl FnMut() -> Result<Vec<PathBuf>, Failure>,
) -> Result<Outcome, Failure> {
    let (sender, events) = channel();
    let send = move |event| {
        // Nobody listens any more when the program ends.
        let _ = sender.send(event);
    };
    if input.paths.iter().any(|path| path.as_os_str() == "-") {
        return Err(Failure::Usage(
            "--watch reads again what changes: standard input cannot be read again".to_owned(),
        ));
    }
    let mut watched = Watched::new(notify::recommended_watcher(send)?);
    for path in input.paths.iter().chain(others).chain(&input.how.mesh_config) {
        watched.add(path)?;
    }
    loop {
        match again() {
            Ok(others) => others.iter().try_for_each(|path| watched.add(path))?,
            Err(failure) => output::say(&format!("waypoint-xds: {failure}\n")),
        }
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
}

impl Watched {
    fn new(watcher: RecommendedWatcher) -> Self {
        Self { watcher, paths: BTreeSet::new(), named: BTreeSet::new(), rendered: BTreeSet::new() }
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
        let is_named = |name: &OsStr| name == MOUNTED || self.named.contains(name);
        files::is_read(path)
            || path.file_name().is_some_and(is_named)
            || self.rendered.iter().any(|directory| path.starts_with(directory))
    }
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
        let watched = watched();
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
        for path in ["/a/b.txt", "/a/.b.yaml.swp", "/charts/other/x.tpl"] {
            assert!(!watched.is_input(Path::new(path)), "{path}");
        }
    }
}
