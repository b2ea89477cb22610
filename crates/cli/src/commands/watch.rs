//! Runs something again whenever files change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use crate::{Failure, Outcome, output};

/// An editor writes a file in several steps: what follows so soon belongs to it.
const QUIET: Duration = Duration::from_millis(100);

/// Runs `again` now, and whenever a file of these paths changes; it gives further files to be watched. What stops one run is
/// told, and does not stop the next.
pub(super) fn run(
    paths: &[PathBuf],
    mut again: impl FnMut() -> Result<Vec<PathBuf>, Failure>,
) -> Result<Outcome, Failure> {
    let (sender, events) = channel();
    let send = move |event| {
        // Nobody listens any more when the program ends.
        let _ = sender.send(event);
    };
    let mut watched = Watched { watcher: notify::recommended_watcher(send)?, paths: BTreeSet::new() };
    for path in paths.iter().filter(|path| path.as_os_str() != "-") {
        watched.add(path)?;
    }
    loop {
        match again() {
            Ok(others) => others.iter().try_for_each(|path| watched.add(path))?,
            Err(failure) => output::say(&format!("waypoint-xds: {failure}\n")),
        }
        output::say("waiting for changes\n");
        if !wait(&events) {
            return Ok(Outcome::Clean);
        }
    }
}

struct Watched {
    watcher: RecommendedWatcher,
    paths: BTreeSet<PathBuf>,
}

impl Watched {
    /// Watches a directory with all in it, or the directory of a file: editors replace files.
    fn add(&mut self, path: &Path) -> Result<(), Failure> {
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
}

/// Waits until a file that may be an input has changed, and nothing more comes; false where nothing can come any more.
fn wait(events: &Receiver<notify::Result<Event>>) -> bool {
    loop {
        let Ok(event) = events.recv() else { return false };
        if event.is_ok_and(|event| is_change(&event)) {
            while events.recv_timeout(QUIET).is_ok() {}
            return true;
        }
    }
}

fn is_change(event: &Event) -> bool {
    let is_input = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("yaml" | "yml" | "json"))
    };
    !event.kind.is_access() && event.paths.iter().any(is_input)
}
