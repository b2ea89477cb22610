//! `cargo xtask parity`: every reference case, scored by the reference's own `compare.py`.
//!
//! The committed score (`testdata/score/<release>.json`) may only rise.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use waypoint_xds::Session;
use waypoint_xds::options::Settings;
use waypoint_xds::release::Release;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::json::{self, ResourceKind};

use crate::args::{Parity, Scored};
use crate::{Result, root};

/// A score as it is committed.
#[derive(serde::Serialize, serde::Deserialize)]
struct Score {
    release: String,
    score: f64,
    cases: BTreeMap<String, CaseScore>,
}

#[derive(serde::Serialize, serde::Deserialize)]
struct CaseScore {
    resources: u32,
    identical: u32,
}

/// Runs the task.
pub(crate) fn run(args: &Parity) -> Result<()> {
    match args.release.as_deref() {
        Some("all") => Release::ALL.iter().try_for_each(|&release| {
            println!("Istio {release}:");
            of_release(release, &args.scored)
        }),
        Some(release) => of_release(release.parse()?, &args.scored),
        None => of_release(Release::default(), &args.scored),
    }
}

fn of_release(release: Release, wanted: &Scored) -> Result<()> {
    let Some(reference) = reference_files::unless_skipped("reference", "parity")? else { return Ok(()) };
    let out = root().join(format!("target/parity/{}", release));
    if out.is_dir() {
        std::fs::remove_dir_all(&out)?;
    }
    std::fs::create_dir_all(&out)?;
    for case in cases(&reference.join("cases"))? {
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if glob(&wanted.only, &name) {
            generate(&case, &out.join(&name), release)?;
        }
    }
    let report = out.join("score.json");
    let status = Command::new("python3")
        .arg(reference.join("compare.py"))
        .args([&reference.join("cases"), &out])
        .args([
            "--release",
            &format!("istio-{}", release),
            "--only",
            &wanted.only,
            "--show",
            &wanted.show.to_string(),
        ])
        .arg("--json")
        .arg(&report)
        .status()?;
    if !status.success() {
        return Err("compare.py failed".into());
    }
    if wanted.only == "*" { check(&report, release, wanted) } else { Ok(()) }
}

/// The folders of cases, by name.
pub(crate) fn cases(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut all: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    all.sort();
    Ok(all)
}

/// Translates one case into `<out>/<namespace>__<gateway>/*.json`. A case whose settings are refused gives
/// nothing, and scores so.
fn generate(case: &Path, out: &Path, release: Release) -> Result<()> {
    let input = SourceFile::new("input.yaml", std::fs::read_to_string(case.join("input.yaml"))?);
    let beside = files::settings(&case.join("mesh.yaml"), &case.join("features"))?;
    let settings = Settings { release: Some(release.to_string()), ..beside };
    let options = match settings.options() {
        Ok(options) => options,
        Err(refused) => {
            eprintln!("{}: {refused}", case.display());
            return Ok(());
        }
    };
    let session = Session::read([input], &options);
    for waypoint in &session.translation().waypoints {
        let folder = out.join(format!("{}__{}", waypoint.waypoint.namespace, waypoint.waypoint.name));
        std::fs::create_dir_all(&folder)?;
        for kind in ResourceKind::ALL {
            std::fs::write(folder.join(format!("{}.json", kind.as_str())), json::array(waypoint, kind))?;
        }
    }
    Ok(())
}

/// Fails if any case is worse than committed; writes the new score if asked to.
fn check(report: &Path, release: Release, wanted: &Scored) -> Result<()> {
    let now: Score = serde_json::from_str(&std::fs::read_to_string(report)?)?;
    let path = root().join(format!("testdata/score/{}.json", release));
    let before: Option<Score> = match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text)?),
        Err(_) => None,
    };
    let worse: Vec<String> = before
        .iter()
        .flat_map(|b| &b.cases)
        .filter_map(|(name, was)| {
            let is = now.cases.get(name).map_or(0, |c| c.identical);
            (is < was.identical).then(|| {
                format!("{name}: {is} of {} resources identical, {} before", was.resources, was.identical)
            })
        })
        .collect();
    if !worse.is_empty() {
        return Err(format!("the score fell:\n  {}", worse.join("\n  ")).into());
    }
    if wanted.update {
        std::fs::create_dir_all(path.parent().ok_or("no folder for the score")?)?;
        std::fs::write(&path, serde_json::to_string_pretty(&now)? + "\n")?;
    }
    Ok(())
}

/// Shell patterns with `*` only.
pub(crate) fn glob(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|tail| {
            tail.char_indices()
                .map(|(i, _)| i)
                .chain([tail.len()])
                .any(|i| tail.get(i..).is_some_and(|t| glob(rest, t)))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns() {
        assert!(
            glob("*", "vs-cors")
                && glob("vs-*", "vs-cors")
                && glob("*cors", "vs-cors")
                && glob("vs-cors", "vs-cors")
        );
        assert!(!glob("vs-*", "dr-tls") && !glob("vs", "vs-cors"));
    }
}
