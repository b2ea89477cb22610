//! Every rule decides something that a golden case shows.
//!
//! A rule that differs between two neighbouring releases is given, in each of the two, the value that it has
//! in the other. If in one of them nothing changes, in whatever case, then the releases need not differ in
//! it: the rule is dead, it stands for what another rule decides, or a golden case is missing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use prost::Message;

use waypoint_xds::options::{Options, Settings};
use waypoint_xds::release::Release;
use waypoint_xds::resources::Resource;
use waypoint_xds::rules::Rules;
use waypoint_xds::snapshot::{Reading, Snapshot};
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::json::ResourceKind;
use waypoint_xds::view::proxy_config::{Filter, Form, ProxyConfig, secrets, table};
use waypoint_xds::view::{config_dump, diagnostics, statuses, waypoints};
use waypoint_xds::{Translation, bootstrap, manifests, status, translation};

/// Areas that decide what the tools show, beside what Envoy gets.
const OF_TOOLS: [&str; 5] = ["bootstrap", "istioctl", "manifests", "status", "waypoints"];

/// What a live proxy holds, which no snapshot tells.
static LIVE: LazyLock<ProxyConfig> = LazyLock::new(|| {
    let text = std::fs::read_to_string(testdata().join("live/secrets.json")).unwrap();
    config_dump::parse(&text).unwrap().config
});

/// A golden case.
struct Case {
    name: String,
    reading: Reading,
    settings: Settings,
}

fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata")
}

/// Every golden case.
fn cases() -> Vec<Case> {
    let folder = testdata().join("cases");
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|file| file.strip_suffix(".yaml").map(str::to_owned))
        .filter(|name| !name.ends_with(".mesh"))
        .collect();
    names.sort();
    let text = |file: String| std::fs::read_to_string(folder.join(file)).ok();
    let case = |name: &String| {
        let flags = text(format!("{name}.features")).unwrap_or_default();
        let flags = flags.lines().filter_map(|line| line.split_once('='));
        let settings = Settings {
            mesh_config: text(format!("{name}.mesh.yaml")),
            features: flags.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect(),
            ..Settings::default()
        };
        let file = SourceFile::new("input.yaml", text(format!("{name}.yaml")).unwrap());
        Case { name: name.clone(), reading: Snapshot::read([file], &Options::default().limits), settings }
    };
    names.iter().map(case).chain(several_clusters()).collect()
}

/// The golden cases of several clusters: `clusters-<folder>`.
fn several_clusters() -> Vec<Case> {
    let listed = |folder: &Path| -> Vec<PathBuf> {
        let mut all: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        all.sort();
        all
    };
    let source = |path: &PathBuf| {
        let file = path.file_name()?.to_str()?;
        let (_, cluster) = file.strip_suffix(".yaml")?.split_once('-')?;
        Some(SourceFile::new("input.yaml", std::fs::read_to_string(path).unwrap()).in_cluster(cluster))
    };
    let case = |folder: &PathBuf| {
        let flags = std::fs::read_to_string(folder.join("features")).unwrap_or_default();
        let flags = flags.lines().filter_map(|line| line.split_once('='));
        let features = flags.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let sources: Vec<SourceFile> = listed(folder).iter().filter_map(source).collect();
        Case {
            name: format!("clusters-{}", folder.file_name().unwrap().to_str().unwrap()),
            reading: Snapshot::read(sources, &Options::default().limits),
            settings: Settings { features, ..Settings::default() },
        }
    };
    listed(&testdata().join("clusters")).iter().map(case).collect()
}

/// What is made of a case by some rules, as a hash: what Envoy gets and what is told, or what the tools show.
fn made(case: &Case, rules: &'static Rules, of_tools: bool) -> u64 {
    let options = case.settings.options().unwrap().with_rules(rules);
    let (mesh, problems) = translation::mesh(&case.reading, &options);
    let made = translation::generate(&case.reading, &mesh, problems);
    if !of_tools {
        return hash_of(&encoded(&made));
    }
    let mut out = waypoints::table(&waypoints::list(&mesh, &made.problems, None)).to_string();
    write!(out, "{}", statuses::json(&status::statuses(&mesh))).unwrap();
    write!(out, "{}", secrets::table(&LIVE, &rules.istioctl, 0)).unwrap();
    for waypoint in &mesh.waypoints {
        let own = bootstrap::bootstrap(&mesh, waypoint);
        write!(out, "{own} {:?}", manifests::manifests(&mesh, waypoint)).unwrap();
        let Some(resources) = made.waypoint(&waypoint.name) else { continue };
        let config =
            ProxyConfig::of(resources, rules).with_bootstrap(&bootstrap::message(&mesh, waypoint), rules);
        for kind in ResourceKind::ALL {
            write!(out, "{}", table(&config, kind, &Filter::default(), Form::of(rules))).unwrap();
        }
    }
    hash_of(out.as_bytes())
}

/// What Envoy gets, encoded, and what is told.
fn encoded(made: &Translation) -> Vec<u8> {
    fn add<M: Message>(out: &mut Vec<u8>, resources: &[Resource<M>]) {
        resources.iter().for_each(|resource| resource.message.encode_length_delimited(out).unwrap());
    }
    let mut out = Vec::new();
    for waypoint in &made.waypoints {
        out.extend(waypoint.waypoint.to_string().into_bytes());
        add(&mut out, &waypoint.listeners);
        add(&mut out, &waypoint.clusters);
        add(&mut out, &waypoint.routes);
        add(&mut out, &waypoint.endpoints);
        add(&mut out, &waypoint.extensions);
    }
    out.extend(diagnostics::concise(&made.problems).into_bytes());
    out
}

/// A release with one rule of its neighbour.
struct Change {
    what: String,
    rules: &'static Rules,
    /// The release that it is otherwise.
    of: Release,
    of_tools: bool,
}

fn changes() -> Vec<Change> {
    let neighbours = Release::ALL.windows(2).map(|pair| (pair[0], pair[1]));
    let both_ways = neighbours.flat_map(|(older, newer)| [(newer, older), (older, newer)]);
    let of = |(of, from): (Release, Release)| {
        let changed = Rules::of(of).with_one_of(Rules::of(from));
        changed.into_iter().map(move |(rule, rules)| Change {
            what: format!("{of} with {rule} of {from}"),
            rules: Box::leak(Box::new(rules)),
            of,
            of_tools: OF_TOOLS.contains(&rule.split('.').next().unwrap()),
        })
    };
    both_ways.flat_map(of).collect()
}

/// What was made of each case by each release, as hashes: by release, by `of_tools`, by the case's number.
type Known = Mutex<BTreeMap<(Release, bool, usize), u64>>;

fn hash_of(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// Whether a case shows the change.
fn shows(change: &Change, of_tools: bool, (number, case): (usize, &Case), known: &Known) -> bool {
    let key = (change.of, of_tools, number);
    let found = known.lock().unwrap().get(&key).copied();
    let before = found.unwrap_or_else(|| {
        let hash = made(case, Rules::of(change.of), of_tools);
        known.lock().unwrap().insert(key, hash);
        hash
    });
    before != made(case, change.rules, of_tools)
}

/// For each change, the case that shows it; none where no case does. `known`: where to look first.
fn shown(
    changes: &[Change],
    cases: &[Case],
    known: &BTreeMap<String, String>,
) -> BTreeMap<String, Option<String>> {
    let before = Known::default();
    let next = AtomicUsize::new(0);
    let found = Mutex::default();
    let look = || {
        let mut order: Vec<usize> = (0..cases.len()).collect();
        while let Some(change) = changes.get(next.fetch_add(1, Ordering::Relaxed)) {
            let likely = known.get(&change.what).and_then(|name| cases.iter().position(|c| c.name == *name));
            let position = likely.and_then(|number| order.iter().position(|other| *other == number));
            if let Some(position) = position {
                order[..=position].rotate_right(1);
            }
            let kinds = if change.of_tools { [true, false].as_slice() } else { &[false] };
            let position = order.iter().position(|&number| {
                kinds.iter().any(|&of_tools| shows(change, of_tools, (number, &cases[number]), &before))
            });
            // What shows one rule is likely to show the next, which is about something near.
            let name = position.map(|position| {
                order[..=position].rotate_right(1);
                cases[order[0]].name.clone()
            });
            BTreeMap::insert(&mut found.lock().unwrap(), change.what.clone(), name);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(look);
        }
    });
    found.into_inner().unwrap()
}

/// What `testdata/rules.txt` says of a change that no case shows.
const NOTHING: &str = "nothing yet";

/// `testdata/rules.txt` says which case shows what, so that nothing is searched for as long as that holds.
/// What no case shows yet is listed there, too: that list may only shrink.
#[test]
fn every_rule_decides_something() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let path = testdata().join("rules.txt");
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let listed = text.lines().filter_map(|line| line.split_once(": "));
    let listed: BTreeMap<String, String> =
        listed.map(|(what, case)| (what.to_owned(), case.to_owned())).collect();
    let is_shown = |what: &str| listed.get(what).is_none_or(|case| case != NOTHING);
    // Without a case that shows it, a change is looked for in all of them: only when the list is written
    // anew.
    let wanted: Vec<Change> =
        changes().into_iter().filter(|change| update || is_shown(&change.what)).collect();
    let mut shown = shown(&wanted, &cases(), &listed);
    let dead = shown.iter().filter(|(what, case)| case.is_none() && is_shown(what));
    let dead: Vec<String> = dead.map(|(what, _)| what.clone()).collect();
    assert!(
        dead.is_empty() || text.is_empty(),
        "{} changes have no effect in any golden case:\n{dead:#?}",
        dead.len()
    );
    let unshown = changes().into_iter().filter(|change| !update && !is_shown(&change.what));
    shown.extend(unshown.map(|change| (change.what, None)));
    let line = |(what, case): (&String, &Option<String>)| {
        format!("{what}: {}\n", case.as_deref().unwrap_or(NOTHING))
    };
    let lines: String = shown.iter().map(line).collect();
    if update {
        std::fs::write(&path, &lines).unwrap();
        return;
    }
    assert!(
        lines == text,
        "`cargo xtask golden --update` writes anew which case shows what: {}",
        path.display()
    );
}

#[test]
fn every_rule_differs_somewhere() {
    let pairs = Release::ALL.windows(2).flat_map(|pair| Rules::of(pair[0]).with_one_of(Rules::of(pair[1])));
    let differing: BTreeSet<String> = pairs.map(|(rule, _)| rule).collect();
    let same: Vec<String> = Rules::names().into_iter().filter(|rule| !differing.contains(rule)).collect();
    assert!(same.is_empty(), "alike in all releases: {same:?}");
}
