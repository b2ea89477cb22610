//! `cargo xtask ambient`: what ztunnel gets, and the statuses of the objects, compared with what Istio's
//! control plane made of every reference case.
//!
//! The committed score (`testdata/score/ambient-<release>.json`) may only rise.

mod statuses;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;
use waypoint_xds::mesh::Mesh;
use waypoint_xds::options::Settings;
use waypoint_xds::release::Release;
use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::text::SourceFile;
use waypoint_xds::view;
use waypoint_xds::view::ztunnel::ZtunnelConfig;
use waypoint_xds::{status, translation, ztunnel};

use crate::args::Scored;
use crate::parity::{cases, glob};
use crate::{Result, root};

/// The release that the reference knows.
const RELEASE: Release = Release::V1_31;

/// A score as it is committed.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Score {
    release: String,
    score: f64,
    cases: BTreeMap<String, CaseScore>,
}

#[derive(Clone, Copy, Default, serde::Serialize, serde::Deserialize)]
struct CaseScore {
    entries: usize,
    identical: usize,
}

/// What a case should give and what it gave, of one kind.
struct Compared {
    kind: &'static str,
    want: BTreeSet<String>,
    made: BTreeSet<String>,
}

/// Runs the task.
pub(crate) fn run(wanted: &Scored) -> Result<()> {
    let Some(reference) = reference_files::unless_skipped("reference", "ambient")? else { return Ok(()) };
    let mut score = Score { release: format!("ambient-{RELEASE}"), ..Score::default() };
    let mut kinds: BTreeMap<&str, CaseScore> = BTreeMap::new();
    let mut left = wanted.show;
    for case in cases(&reference.join("cases"))? {
        let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let expected = case.join(format!("expected/ambient-{RELEASE}"));
        if !expected.is_dir() || !glob(&wanted.only, &name) {
            continue;
        }
        let mut of_case = CaseScore::default();
        for compared in compare(&case, &expected)? {
            let found = compared.score();
            for total in [&mut of_case, kinds.entry(compared.kind).or_default()] {
                total.entries += found.entries;
                total.identical += found.identical;
            }
            left = left.saturating_sub(compared.show(&name, left));
        }
        score.cases.insert(name, of_case);
    }
    for (kind, CaseScore { entries, identical }) in &kinds {
        println!("{kind:10} {identical:>6} of {entries:>6} identical");
    }
    let all = score.cases.values();
    let whole = all.clone().filter(|case| case.identical == case.entries).count();
    let (entries, identical) = all.fold((0, 0), |(e, i), case| (e + case.entries, i + case.identical));
    let percent = if entries == 0 { 0.0 } else { 100.0 * identical as f64 / entries as f64 };
    score.score = (percent * 10_000.0).round() / 10_000.0;
    println!(
        "ambient-{RELEASE}: {whole} of {} cases identical, {identical} of {entries} entries ({percent:.2} %)",
        score.cases.len()
    );
    if wanted.only == "*" { check(&score, wanted.update) } else { Ok(()) }
}

/// Compares one case, kind by kind.
fn compare(case: &Path, expected: &Path) -> Result<Vec<Compared>> {
    let read = |file: &str| -> Result<String> { Ok(std::fs::read_to_string(expected.join(file))?) };
    let want = |file: &str| -> Result<Vec<Value>> { Ok(serde_json::from_str(&read(file)?)?) };
    let (workloads, services, policies) =
        (want("workloads.json")?, want("services.json")?, want("policies.json")?);
    let mesh = mesh(case)?;
    let mut config = match &mesh {
        Some(mesh) => ZtunnelConfig::from(&ztunnel::generate(mesh)?),
        None => ZtunnelConfig::default(),
    };
    redraw(&mut config, &workloads, &services);
    let mut compared = vec![
        Compared::new("workloads", workloads, config.workloads.iter().map(|row| &row.json)),
        Compared::new("services", services, config.services.iter().map(|row| &row.json)),
        Compared::new("policies", policies, config.policies.iter().map(|row| &row.json)),
    ];
    let found = mesh.map(|mesh| view::statuses::json(&status::statuses(&mesh))).unwrap_or_default();
    let made = found.as_array().map_or(&[][..], Vec::as_slice);
    let (want, made) = statuses::compared(&want("status.json")?, made);
    compared.push(Compared { kind: "statuses", want, made });
    let table = expected.join("istioctl-ztunnel.txt");
    if table.is_file() {
        let want = BTreeSet::from([std::fs::read_to_string(table)?]);
        let dump =
            view::ztunnel::parse(&read("ztunnel-dump.json")?).ok_or("ztunnel-dump.json is no config dump")?;
        for (kind, config) in [("tables", &config), ("dumps", &dump)] {
            let made = BTreeSet::from([view::ztunnel::summary(config, true)]);
            compared.push(Compared { kind, want: want.clone(), made });
        }
    }
    Ok(compared)
}

/// The mesh of a case; none if its settings are refused.
fn mesh(case: &Path) -> Result<Option<Mesh>> {
    let effective = case.join(format!("expected/istio-{RELEASE}/effective-input.yaml"));
    let path = if effective.is_file() { effective } else { case.join("input.yaml") };
    let settings = files::settings(&case.join("mesh.yaml"), &case.join("features"))?;
    let options = match (Settings { release: Some(RELEASE.to_string()), ..settings }).options() {
        Ok(options) => options,
        Err(refused) => {
            eprintln!("{}: {refused}", case.display());
            return Ok(None);
        }
    };
    let input = SourceFile::new("input.yaml", std::fs::read_to_string(path)?);
    let reading = Snapshot::read([input], &options.limits);
    Ok(Some(translation::mesh(&reading, &options).0))
}

/// Gives the waypoints' own pods and Services the addresses that they have in the reference: of older cases
/// it has drawn them again, and the input says others.
fn redraw(config: &mut ZtunnelConfig, workloads: &[Value], services: &[Value]) {
    const POD: &str = "10.254.";
    const SERVICE: &str = "10.255.";
    let text =
        |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    for row in &mut config.workloads {
        let same = workloads.iter().find(|want| text(want, "/uid").as_ref() == Some(&row.uid));
        let drawn = same.and_then(|want| text(want, "/addresses/0")).filter(|ip| ip.starts_with(POD));
        if let (Some(drawn), [address]) = (drawn, row.addresses.as_mut_slice())
            && address.starts_with(POD)
        {
            address.clone_from(&drawn);
            if let Some(value) = row.json.pointer_mut("/addresses/0") {
                *value = drawn.into();
            }
        }
    }
    for row in &mut config.services {
        let names = |want: &&Value| {
            text(want, "/hostname").as_ref() == Some(&row.hostname)
                && text(want, "/namespace").as_ref() == Some(&row.namespace)
        };
        let drawn = services.iter().find(names).and_then(|want| text(want, "/addresses/0/address"));
        if let (Some(drawn), [address]) = (drawn, row.addresses.as_mut_slice())
            && drawn.starts_with(SERVICE)
        {
            let network = address.split_once('/').map_or("", |(network, _)| network);
            *address = format!("{network}/{drawn}");
            if let Some(value) = row.json.pointer_mut("/addresses/0/address") {
                *value = drawn.into();
            }
        }
    }
}

/// A value as text, with the keys of objects in order.
fn text(mut value: Value) -> String {
    value.sort_all_objects();
    value.to_string()
}

impl Compared {
    fn new<'v>(kind: &'static str, want: Vec<Value>, made: impl Iterator<Item = &'v Value>) -> Self {
        Self { kind, want: want.into_iter().map(text).collect(), made: made.cloned().map(text).collect() }
    }

    fn score(&self) -> CaseScore {
        CaseScore {
            entries: self.want.union(&self.made).count(),
            identical: self.want.intersection(&self.made).count(),
        }
    }

    /// Prints what differs, up to a number of lines; gives how many.
    fn show(&self, case: &str, most: usize) -> usize {
        let missing = self.want.difference(&self.made).map(|entry| ('-', entry));
        let unexpected = self.made.difference(&self.want).map(|entry| ('+', entry));
        let lines = missing.chain(unexpected).take(most);
        lines.map(|(sign, entry)| println!("{case} {} {sign} {entry}", self.kind)).count()
    }
}

/// Fails if any case is worse than committed; writes the new score if asked to.
fn check(now: &Score, update: bool) -> Result<()> {
    let path = root().join(format!("testdata/score/{}.json", now.release));
    if update {
        std::fs::write(&path, serde_json::to_string_pretty(now)? + "\n")?;
        return Ok(());
    }
    let before = std::fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}; `cargo xtask ambient --update` writes it", path.display()))?;
    let before: Score = serde_json::from_str(&before)?;
    let worse: Vec<String> = before
        .cases
        .iter()
        .filter_map(|(name, was)| {
            let is = now.cases.get(name).copied().unwrap_or_default();
            let lost =
                was.entries - was.identical < is.entries - is.identical || is.identical < was.identical;
            lost.then(|| {
                format!(
                    "{name}: {} of {}, {} of {} before",
                    is.identical, is.entries, was.identical, was.entries
                )
            })
        })
        .collect();
    if worse.is_empty() { Ok(()) } else { Err(format!("the score fell:\n  {}", worse.join("\n  ")).into()) }
}
