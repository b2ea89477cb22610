//! The folder that `translate --out` writes: a folder for each waypoint, a file for each kind of resource,
//! and a list of what is there, so that the next run removes what it would no longer write and nothing else.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use waypoint_xds::Session;
use waypoint_xds::resources::WaypointResources;
use waypoint_xds::view::json::{self, ResourceKind};
use waypoint_xds::view::origins::origins;

use crate::{Failure, input};

/// The name of the list.
const LIST: &str = ".waypoint-xds.json";

/// What was written, relative to the folder, with `/` between names.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Written {
    files: BTreeSet<String>,
}

/// Writes `<namespace>__<gateway>/{listeners,clusters,routes,endpoints}.json`, with `origins.json` where
/// asked for, and removes what an earlier run wrote and this one did not.
pub(super) fn write(directory: &Path, session: &Session, with_origins: bool) -> Result<(), Failure> {
    let places = with_origins.then(|| session.places());
    let mut folder = Folder::open(directory)?;
    for waypoint in &session.translation().waypoints {
        for kind in ResourceKind::ALL {
            let text = json::indented(&json::array(waypoint, kind));
            folder.file(waypoint, kind.as_str(), &text)?;
        }
        if let Some(places) = &places {
            folder.file(waypoint, "origins", &json::pretty(&json::to_value(&origins(waypoint, places))))?;
        }
    }
    folder.finish()
}

/// A folder that is being written.
struct Folder<'d> {
    directory: &'d Path,
    before: Written,
    now: Written,
}

impl<'d> Folder<'d> {
    fn open(directory: &'d Path) -> Result<Self, Failure> {
        std::fs::create_dir_all(directory).map_err(|source| input::failed(directory, source))?;
        let list = directory.join(LIST);
        let before = match std::fs::read_to_string(&list) {
            Ok(text) => serde_json::from_str(&text).map_err(|error| {
                let list = list.display();
                Failure::Usage(format!(
                    "{list} is no list of files that were written here ({error}): remove it"
                ))
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Written::default(),
            Err(error) => return Err(input::failed(&list, error)),
        };
        Ok(Self { directory, before, now: Written::default() })
    }

    fn file(&mut self, waypoint: &WaypointResources, name: &str, text: &str) -> Result<(), Failure> {
        let folder = format!("{}__{}", waypoint.waypoint.namespace, waypoint.waypoint.name);
        let path = self.directory.join(&folder);
        std::fs::create_dir_all(&path).map_err(|source| input::failed(&path, source))?;
        let name = format!("{name}.json");
        write_file(&path.join(&name), text)?;
        self.now.files.insert(format!("{folder}/{name}"));
        Ok(())
    }

    /// Removes what is left of an earlier run, folders that are empty then too, and writes the list.
    fn finish(self) -> Result<(), Failure> {
        for stale in self.before.files.difference(&self.now.files) {
            let Some(path) = inside(self.directory, stale) else { continue };
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(input::failed(&path, error));
                }
                _ => {}
            }
            // A folder in which somebody has put something of their own stays.
            let _ = path.parent().map(std::fs::remove_dir);
        }
        let list = serde_json::to_string_pretty(&self.now)?;
        write_file(&self.directory.join(LIST), &(list + "\n"))
    }
}

/// The path of a listed file; none for one that is not `FOLDER/FILE`: nothing outside of the folder is ever
/// removed.
fn inside(directory: &Path, listed: &str) -> Option<PathBuf> {
    let path = Path::new(listed);
    let mut parts = path.components();
    let two = matches!(
        (parts.next(), parts.next(), parts.next()),
        (Some(Component::Normal(_)), Some(Component::Normal(_)), None)
    );
    two.then(|| directory.join(path))
}

fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|source| input::failed(path, source))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_inside_is_removed() {
        let folder = Path::new("out");
        assert_eq!(
            inside(folder, "shop__waypoint/routes.json"),
            Some(folder.join("shop__waypoint/routes.json"))
        );
        for listed in ["../x", "/etc/passwd", "a/../b", "a", "a/b/c", "", "./a/b/c"] {
            assert_eq!(inside(folder, listed), None, "{listed}");
        }
    }
}
