//! The file of settings, `waypoint-xds.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use waypoint_xds::lint::{Override, Selection, Selector};
use waypoint_xds::problem::Severity;

use crate::args::Lint;
use crate::{Failure, input};

/// Its name, in the folder of the input or in one above.
const NAME: &str = "waypoint-xds.toml";

/// What it asks for.
#[derive(Debug, Default)]
pub(super) struct Config {
    pub(super) selection: Selection,
    pub(super) fail_on: Option<Severity>,
    pub(super) baseline: Option<PathBuf>,
}

/// The file as it is written. Other commands may have tables of their own, some day.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    lint: Table,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    select: Vec<Selector>,
    ignore: Vec<Selector>,
    severity: BTreeMap<Selector, Severity>,
    #[serde(rename = "override")]
    overrides: Vec<Override>,
    fail_on: Option<Severity>,
    baseline: Option<PathBuf>,
}

/// The file that the command line names, else the nearest one above the first input.
pub(super) fn path(args: &Lint) -> Option<PathBuf> {
    let named = args.config.clone();
    named.or_else(|| args.input.paths.first().and_then(|path| above(files::in_cluster(path).1)))
}

/// What that file says; nothing where there is none.
pub(super) fn read(args: &Lint) -> Result<Config, Failure> {
    let Some(path) = path(args) else { return Ok(Config::default()) };
    let text = input::text(&path, &args.input.how.limits()?)?;
    let file: File = toml::from_str(&text)
        .map_err(|error| Failure::Usage(format!("{}: {}", path.display(), error.to_string().trim_end())))?;
    let Table { select, ignore, severity, overrides, fail_on, baseline } = file.lint;
    // A baseline is named from the folder of the file that names it.
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(Config {
        selection: Selection { select, ignore, severity, overrides, folder: String::new() },
        fail_on,
        baseline: baseline.map(|name| folder.join(name)),
    })
}

/// The nearest file of settings: in the folder that a path is or that it is in, or in one above. Standard
/// input is in the current folder.
fn above(path: &Path) -> Option<PathBuf> {
    let path = if path.as_os_str() == "-" { Path::new(".") } else { path };
    let path = std::path::absolute(path).ok()?;
    let start = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
    let folders = std::iter::successors(start, |folder| folder.parent());
    folders.map(|folder| folder.join(NAME)).find(|file| file.is_file())
}
