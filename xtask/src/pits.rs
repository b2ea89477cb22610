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
    /// Of each kind of case: pits that are found, all of them, valid cases that are quiet, all of them.
    kinds: BTreeMap<String, [u32; 4]>,
    /// The cases that are not as they should be, and why.
    wrong: BTreeMap<String, Vec<String>>,
}

/// A score as it is committed.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Score {
    /// The percentage of pits that are found, and how many there are.
    found: f64,
    pits: u32,
    /// The percentage of valid cases that are quiet, and how many there are.
    quiet: f64,
    valid: u32,
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
        let all = |column: fn(&[u32; 4]) -> u32| report.kinds.values().map(column).sum();
        Self {
            found: rounded(report.found),
            pits: all(|[_, pits, _, _]| *pits),
            quiet: rounded(report.quiet),
            valid: all(|[_, _, _, valid]| *valid),
            cases,
        }
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
            let kinds = [("a".to_owned(), [1, 2, 0, 0]), ("b".to_owned(), [0, 0, 3, 3])].into();
            Score::new(&names, &Report { found: 50.0, quiet: 100.0, kinds, wrong })
        };
        assert_eq!((score("a").pits, score("a").valid), (2, 3));
        assert_eq!(score("a").lost_in(&score("b")), ["b"]);
        assert_eq!(score("a").lost_in(&score("a")), Vec::<&str>::new());
    }
}
