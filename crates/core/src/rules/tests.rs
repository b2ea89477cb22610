//! Every rule decides something that a golden case shows.
//!
//! A rule that differs between two neighbouring releases is given, in each of the two, the value that it has in the
//! other. If in one of them nothing changes, in whatever case, then the releases need not differ in it: the rule is
//! dead, it stands for what another rule decides, or a golden case is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::Rules;
use super::release::Release;
use crate::options::{Options, Settings};
use crate::snapshot::{Reading, Snapshot};
use crate::text::SourceFile;
use crate::view::json::{self, ResourceKind};
use crate::view::proxy_config::{Filter, Form, ProxyConfig, table};
use crate::view::{diagnostics, waypoints};
use crate::{bootstrap, manifests, translation};

/// Areas that decide what the tools show, beside what Envoy gets.
const OF_TOOLS: [&str; 4] = ["bootstrap", "istioctl", "manifests", "waypoints"];

/// A golden case.
struct Case {
    reading: Reading,
    settings: Settings,
}

/// Every golden case.
fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/cases");
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
        Case { reading: Snapshot::read([file], &Options::default().limits), settings }
    };
    names.iter().map(case).collect()
}

/// What is made of a case by some rules: what Envoy gets and what is told, or what the tools show.
fn made(case: &Case, rules: &'static Rules, of_tools: bool) -> String {
    let mut options = case.settings.options().unwrap();
    options.release = rules.release;
    options.changed_rules = Some(rules);
    let (mesh, problems) = translation::mesh(&case.reading, &options);
    let made = translation::generate(&case.reading, &mesh, problems);
    if !of_tools {
        return json::translation(&made) + &diagnostics::concise(&made.problems);
    }
    let mut out = waypoints::table(&waypoints::list(&mesh, &made.problems, None)).to_string();
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
        let changed = of.rules().with_one_of(from.rules());
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

fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Whether a case shows the change.
fn shows(change: &Change, of_tools: bool, (number, case): (usize, &Case), known: &Known) -> bool {
    let key = (change.of, of_tools, number);
    let found = known.lock().unwrap().get(&key).copied();
    let before = found.unwrap_or_else(|| {
        let hash = hash_of(&made(case, change.of.rules(), of_tools));
        known.lock().unwrap().insert(key, hash);
        hash
    });
    before != hash_of(&made(case, change.rules, of_tools))
}

/// The changes that change nothing.
fn without_effect(changes: &[Change], cases: &[Case]) -> BTreeSet<String> {
    let known = Known::default();
    let next = AtomicUsize::new(0);
    let dead = Mutex::default();
    let look = || {
        let mut order: Vec<usize> = (0..cases.len()).collect();
        while let Some(change) = changes.get(next.fetch_add(1, Ordering::Relaxed)) {
            let kinds = if change.of_tools { [true, false].as_slice() } else { &[false] };
            let shown = kinds.iter().find_map(|&of_tools| {
                order.iter().position(|&number| shows(change, of_tools, (number, &cases[number]), &known))
            });
            match shown {
                // What shows one rule is likely to show the next, which is about something near.
                Some(position) => order[..=position].rotate_right(1),
                None => assert!(BTreeSet::insert(&mut dead.lock().unwrap(), change.what.clone())),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(look);
        }
    });
    dead.into_inner().unwrap()
}

#[test]
fn every_rule_decides_something() {
    let dead = without_effect(&changes(), &cases());
    assert!(dead.is_empty(), "{} changes have no effect:\n{dead:#?}", dead.len());
}

#[test]
fn every_rule_differs_somewhere() {
    let pairs = Release::ALL.windows(2).flat_map(|pair| pair[0].rules().with_one_of(pair[1].rules()));
    let differing: BTreeSet<String> = pairs.map(|(rule, _)| rule).collect();
    let same: Vec<String> = Rules::names().into_iter().filter(|rule| !differing.contains(rule)).collect();
    assert!(same.is_empty(), "alike in all releases: {same:?}");
}
