//! `cargo xtask pits`: lint, on configurations that do not do what they look like and on valid ones, scored
//! by the `pits.py` beside them.
//!
//! The committed score (`testdata/score/pits.json`) may only rise: a pit that was found stays found, a valid
//! configuration of which nothing was said stays quiet.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::args::Scored;
use crate::command::{cargo, succeed};
use crate::{Result, parity, root};

/// What `pits.py --json` tells.
#[derive(Deserialize)]
struct Report {
    /// The percentage of pits that are found.
    found: f64,
    /// The percentage of valid cases that are quiet.
    quiet: f64,
    /// The cases that are not as they should be, and why.
    wrong: BTreeMap<String, Vec<String>>,
}

/// A score as it is committed.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Score {
    found: f64,
    quiet: f64,
    /// Each case, and whether it is as it should be.
    cases: BTreeMap<String, bool>,
}

/// Runs the task.
pub(crate) fn run(wanted: &Scored) -> Result<()> {
    let Some(pits) = reference_files::unless_skipped("pits", "pits")? else { return Ok(()) };
    succeed(cargo().args(["build", "--quiet", "--package", "waypoint-xds-cli"]).current_dir(root()))?;
    let folder = root().join("target/pits");
    std::fs::create_dir_all(&folder)?;
    let report = folder.join("report.json");
    let mut score = Command::new("python3");
    score.arg(pits.join("pits.py")).arg(&pits).args([
        "--only",
        &wanted.only,
        "--show",
        &wanted.show.to_string(),
    ]);
    // What is wanted is what is committed, not all.
    score.args(["--min-found", "0", "--min-quiet", "0", "--json"]).arg(&report).arg("--").arg(command_line());
    succeed(&mut score)?;
    if wanted.only != "*" {
        return Ok(());
    }
    let report: Report = serde_json::from_str(&std::fs::read_to_string(&report)?)?;
    check(&Score::new(&names(&pits)?, &report), wanted.update)
}

/// The command line, as cargo has built it.
fn command_line() -> PathBuf {
    let target = crate::command::target();
    target.join("debug/waypoint-xds")
}

/// The names of the cases: the folders that have a `pit.yaml`.
fn names(pits: &Path) -> Result<BTreeSet<String>> {
    let cases = parity::cases(pits)?.into_iter().filter(|folder| folder.join("pit.yaml").is_file());
    Ok(cases.filter_map(|folder| Some(folder.file_name()?.to_string_lossy().into_owned())).collect())
}

impl Score {
    fn new(names: &BTreeSet<String>, report: &Report) -> Self {
        let rounded = |percent: f64| (percent * 100.0).round() / 100.0;
        let cases = names.iter().map(|name| (name.clone(), !report.wrong.contains_key(name))).collect();
        Self { found: rounded(report.found), quiet: rounded(report.quiet), cases }
    }

    /// The cases that are as they should be here and not in another score.
    fn lost_in<'s>(&'s self, now: &Self) -> Vec<&'s str> {
        let right = self.cases.iter().filter(|(_, right)| **right).map(|(name, _)| name.as_str());
        right.filter(|name| now.cases.get(*name) != Some(&true)).collect()
    }
}

/// Fails if a case is worse than committed; writes the new score if asked to.
fn check(now: &Score, update: bool) -> Result<()> {
    let path = root().join("testdata/score/pits.json");
    if update {
        std::fs::write(&path, serde_json::to_string_pretty(now)? + "\n")?;
        return Ok(());
    }
    let before = std::fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}; `cargo xtask pits --update` writes it", path.display()))?;
    let before: Score = serde_json::from_str(&before)?;
    let lost = before.lost_in(now);
    if lost.is_empty() { Ok(()) } else { Err(format!("the score fell:\n  {}", lost.join("\n  ")).into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_falls_with_any_case() {
        let names = ["a", "b"].map(str::to_owned).into();
        let score = |wrong: &str| {
            let wrong = [(wrong.to_owned(), Vec::new())].into();
            Score::new(&names, &Report { found: 50.0, quiet: 100.0, wrong })
        };
        assert_eq!(score("a").lost_in(&score("b")), ["b"]);
        assert_eq!(score("a").lost_in(&score("a")), Vec::<&str>::new());
    }
}
