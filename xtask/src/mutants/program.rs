//! Lets every mutant translate every case that reaches it, until one comes out otherwise.
//! `cargo xtask mutants` puts this program into its copy of `crates/core`, and reads what it prints.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use waypoint_xds::envoy::Message;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::resources::Resource;
use waypoint_xds::snapshot::{Reading, Snapshot};
use waypoint_xds::text::SourceFile;
use waypoint_xds::translate;
use waypoint_xds_model::mutant;

/// How long a mutant may take for one case, in seconds.
const LONGEST: u64 = 20;

/// An input with its settings, and what comes of it without any mutant.
struct Case {
    reading: std::rc::Rc<Reading>,
    options: Options,
    made: Made,
    reached: BTreeSet<u32>,
}

/// Hashes of what is made of a case.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Made {
    /// Resources and problems.
    resources: u64,
    /// Why each is there.
    origins: u64,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = || arguments.next().unwrap().parse::<u32>().unwrap();
    let (first, step, count) = (number(), number(), number());
    std::panic::set_hook(Box::new(|_| {}));
    let cases = cases(arguments.map(PathBuf::from));
    let started = watch();
    println!("ready");
    for mutant in (first..count).step_by(step as usize) {
        println!("{mutant} {}", fate(mutant, &cases, started));
        std::io::stdout().flush().unwrap();
    }
}

/// Ends the program where a mutant does not end. The next one goes on behind it.
fn watch() -> &'static AtomicU64 {
    static STARTED: AtomicU64 = AtomicU64::new(0);
    let now = std::time::Instant::now();
    std::thread::spawn(move || {
        let (mut seen, mut since) = (0, now.elapsed());
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let started = STARTED.load(Ordering::Relaxed);
            if started != seen {
                (seen, since) = (started, now.elapsed());
            } else if started != 0 && (now.elapsed() - since).as_secs() > LONGEST {
                std::process::exit(3);
            }
        }
    });
    &STARTED
}

fn fate(number: u32, cases: &[Case], started: &AtomicU64) -> &'static str {
    let (mut is_reached, mut is_seen) = (false, false);
    mutant::set(number);
    let mut fate = None;
    for (index, case) in cases.iter().enumerate().filter(|(_, case)| case.reached.contains(&number)) {
        started.store((u64::from(number) << 32 | index as u64) + 1, Ordering::Relaxed);
        is_reached = true;
        let made = catch_unwind(AssertUnwindSafe(|| made(&case.reading, &case.options)));
        if made.is_err() || made.as_ref().is_ok_and(|made| made.resources != case.made.resources) {
            fate = Some("killed");
            break;
        }
        is_seen |= made.is_ok_and(|made| made.origins != case.made.origins);
    }
    mutant::set(mutant::NONE);
    started.store(0, Ordering::Relaxed);
    fate.unwrap_or(match (is_reached, is_seen) {
        (false, _) => "unreached",
        (true, true) => "origins",
        (true, false) => "survived",
    })
}

/// The cases of folders, the quick ones first.
fn cases(folders: impl Iterator<Item = PathBuf>) -> Vec<Case> {
    let mut all = Vec::new();
    for folder in folders {
        let mut inputs: Vec<PathBuf> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        inputs.sort();
        for input in inputs {
            add(&mut all, &input);
        }
    }
    let mut found: Vec<(Duration, Case)> = Vec::new();
    for (reading, options) in all {
        mutant::reached();
        let start = std::time::Instant::now();
        let made = made(&reading, &options);
        found.push((
            start.elapsed(),
            Case { reached: mutant::reached().into_iter().collect(), reading, options, made },
        ));
    }
    found.sort_by_key(|(took, _)| *took);
    found.into_iter().map(|(_, case)| case).collect()
}

/// A case as a file (`testdata/cases`), as a folder with `input.yaml` (the reference) or with a file for each
/// cluster.
fn add(all: &mut Vec<(std::rc::Rc<Reading>, Options)>, input: &Path) {
    let name = input.file_name().unwrap().to_string_lossy().into_owned();
    let text = |path: &Path| std::fs::read_to_string(path).unwrap();
    let (sources, beside): (Vec<SourceFile>, Box<dyn Fn(&str) -> PathBuf>) =
        if input.join("input.yaml").is_file() {
            (
                vec![SourceFile::new("input.yaml", text(&input.join("input.yaml")))],
                Box::new(|kind| input.join(kind)),
            )
        } else if input.is_dir() {
            let mut files: Vec<PathBuf> =
                std::fs::read_dir(input).unwrap().map(|entry| entry.unwrap().path()).collect();
            files.sort();
            let source = |path: &PathBuf| {
                let file = path.file_name().unwrap().to_string_lossy().into_owned();
                let (_, cluster) = file.strip_suffix(".yaml")?.split_once('-')?;
                Some(SourceFile::new(format!("{cluster}.yaml"), text(path)).in_cluster(cluster))
            };
            (files.iter().filter_map(source).collect(), Box::new(|kind| input.join(kind)))
        } else {
            let Some(name) =
                name.strip_suffix(".yaml").filter(|name| !name.ends_with(".mesh")).map(str::to_owned)
            else {
                return;
            };
            (
                vec![SourceFile::new("input.yaml", text(input))],
                Box::new(move |kind| input.with_file_name(format!("{name}.{kind}"))),
            )
        };
    if sources.is_empty() {
        return;
    }
    let Ok(settings) = files::settings(&beside("mesh.yaml"), &beside("features")) else { return };
    let options = settings.options().unwrap();
    let reading = std::rc::Rc::new(Snapshot::read(sources, &options.limits));
    for release in Release::ALL {
        let mut options = options.clone();
        options.release = *release;
        all.push((std::rc::Rc::clone(&reading), options));
    }
}

fn made(reading: &Reading, options: &Options) -> Made {
    let translation = translate(reading, options);
    let (mut resources, mut origins) = (DefaultHasher::new(), DefaultHasher::new());
    for waypoint in &translation.waypoints {
        waypoint.waypoint.to_string().hash(&mut resources);
        add_all(&waypoint.listeners, &mut resources);
        add_all(&waypoint.clusters, &mut resources);
        add_all(&waypoint.routes, &mut resources);
        add_all(&waypoint.endpoints, &mut resources);
        add_all(&waypoint.extensions, &mut resources);
        for origin in waypoint.origins() {
            format!("{origin:?}").hash(&mut origins);
        }
    }
    for problem in &translation.problems {
        format!("{problem:?}").hash(&mut resources);
    }
    Made { resources: resources.finish(), origins: origins.finish() }
}

fn add_all<M: Message>(all: &[Resource<M>], hasher: &mut DefaultHasher) {
    all.len().hash(hasher);
    for resource in all {
        resource.message.encode_to_vec().hash(hasher);
    }
}
