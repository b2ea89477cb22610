//! `cargo xtask mutants`: whether a case notices when something in the code is otherwise.
//!
//! All mutants are compiled at once, each behind a switch, and each is then tried in the same process on the
//! cases that reach it: a mutant costs milliseconds where one that is compiled alone costs a minute.

mod sites;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::args::Mutants;
use crate::command::{cargo, target};
use crate::{Result, root};
use sites::{Changed, Mutant};

/// What is changed, unless something else is asked for.
const FOLDERS: [&str; 2] = ["crates/mesh/src/plan", "crates/core/src/resources"];
/// The cases of the repository.
const CASES: [&str; 2] = ["testdata/cases", "testdata/clusters"];
/// Mutants that no case can notice, and why.
const EXPLAINED: &str = "testdata/mutants.txt";
/// After how many mutants a line tells how far it is.
const PROGRESS: usize = 250;
/// How often mutants that do not compile are taken out.
const ROUNDS: usize = 25;
/// An error that points to more mutants than this points to a whole function.
const MOST_CULPRITS: usize = 6;

/// A file that is changed.
struct File {
    path: String,
    text: String,
    mutants: Vec<Mutant>,
}

/// Runs the task.
pub(crate) fn run(asked: &Mutants) -> Result<()> {
    let copy = target().join("mutants/source");
    let folders: Vec<&str> = if asked.paths.is_empty() {
        FOLDERS.to_vec()
    } else {
        asked.paths.iter().map(String::as_str).collect()
    };
    let files = changed_files(&folders)?;
    let count = files.iter().map(|file| file.mutants.len()).sum::<usize>();
    println!("mutants: {count} in {} files", files.len());
    copy_tree(&copy, count)?;
    let dropped = compile(&copy, &files)?;
    println!("mutants: {} do not compile", dropped.len());
    let fates = try_all(count, &dropped)?;
    report(&files, &dropped, &fates)
}

/// The files below folders, with their mutants.
fn changed_files(folders: &[&str]) -> Result<Vec<File>> {
    let mut files = Vec::new();
    let mut next = 0;
    for path in tracked()?.into_iter().filter(|path| folders.iter().any(|folder| path.starts_with(folder))) {
        if !path.ends_with(".rs") || path.ends_with("tests.rs") || path.contains("/tests/") {
            continue;
        }
        let text = std::fs::read_to_string(root().join(&path))?;
        let mutants = sites::mutants(&text, next).map_err(|error| format!("{path}: {error}"))?;
        next += u32::try_from(mutants.len())?;
        files.push(File { path, text, mutants });
    }
    Ok(files)
}

/// The files that Git knows.
fn tracked() -> Result<Vec<String>> {
    let output = Command::new("git").args(["ls-files"]).current_dir(root()).output()?;
    Ok(String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect())
}

/// A copy of what is compiled, with the switch and the program that tries mutants.
fn copy_tree(copy: &Path, count: usize) -> Result<()> {
    for path in tracked()? {
        let is_compiled =
            !["testdata/", "docs/", "api/", "fuzz/"].iter().any(|other| path.starts_with(other));
        if is_compiled && root().join(&path).is_file() {
            write(&copy.join(&path), &std::fs::read(root().join(&path))?)?;
        }
    }
    let switch = format!("{}\nconst COUNT: usize = {count};\n", include_str!("switch.rs"));
    write(&copy.join("crates/model/src/mutant.rs"), switch.as_bytes())?;
    let library = copy.join("crates/model/src/lib.rs");
    let text = format!("{}\npub mod mutant;\n", std::fs::read_to_string(&library)?);
    write(&library, text.as_bytes())?;
    write(&copy.join("crates/core/examples/mutants.rs"), include_bytes!("program.rs"))
}

/// Writes a file that is otherwise there, so that what did not change is not compiled again.
fn write(path: &Path, content: &[u8]) -> Result<()> {
    if std::fs::read(path).ok().as_deref() != Some(content) {
        std::fs::create_dir_all(path.parent().unwrap_or(path))?;
        std::fs::write(path, content)?;
    }
    Ok(())
}

/// Compiles all mutants. Gives those that have to be left out.
fn compile(copy: &Path, files: &[File]) -> Result<BTreeSet<u32>> {
    let mut dropped = BTreeSet::new();
    for _ in 0..ROUNDS {
        let mut written = BTreeMap::new();
        for file in files {
            let left: Vec<&Mutant> =
                file.mutants.iter().filter(|mutant| !dropped.contains(&mutant.number)).collect();
            let changed = sites::apply(&file.text, &left);
            write(&copy.join(&file.path), changed.text.as_bytes())?;
            written.insert(file.path.clone(), changed);
        }
        let before = dropped.len();
        let (is_built, errors) = build(copy)?;
        if is_built {
            return Ok(dropped);
        }
        for error in &errors {
            dropped.extend(culprits(error, &written));
        }
        println!("mutants: {} errors, {} mutants left out", errors.len(), dropped.len());
        if dropped.len() == before {
            let first = errors.first().map(|error| error.rendered.clone().unwrap_or_default());
            return Err(
                format!("it does not compile, whatever is left out: {}", first.unwrap_or_default()).into()
            );
        }
    }
    Err("it does not compile".into())
}

/// The mutants that an error of the compiler is about: those whose text it points to, or, if it points to
/// much or to none, the smallest ones around what it points to.
fn culprits(error: &Diagnostic, written: &BTreeMap<String, Changed>) -> BTreeSet<u32> {
    let touched = |ranges: &[(u32, Range<usize>)], span: &Span| -> Vec<(usize, u32)> {
        let touches = |range: &Range<usize>| range.start < span.byte_end && span.byte_start < range.end;
        ranges
            .iter()
            .filter(|(_, range)| touches(range))
            .map(|(number, range)| (range.len(), *number))
            .collect()
    };
    let of = |span: &Span| written.get(&span.file_name);
    let inserted = error.spans.iter().filter_map(|span| Some(touched(&of(span)?.inserted, span)));
    let inserted: BTreeSet<u32> = inserted.flatten().map(|(_, number)| number).collect();
    if (1..=MOST_CULPRITS).contains(&inserted.len()) {
        return inserted;
    }
    let around = error.spans.iter().filter_map(|span| touched(&of(span)?.inside, span).into_iter().min());
    around.map(|(_, number)| number).collect()
}

#[derive(Deserialize)]
struct Message {
    message: Option<Diagnostic>,
}

#[derive(Deserialize)]
struct Diagnostic {
    level: String,
    spans: Vec<Span>,
    rendered: Option<String>,
}

#[derive(Deserialize)]
struct Span {
    file_name: String,
    byte_start: usize,
    byte_end: usize,
}

/// Builds the program that tries mutants, and gives the compiler's errors.
fn build(copy: &Path) -> Result<(bool, Vec<Diagnostic>)> {
    let mut command = cargo();
    command.args(["build", "--quiet", "--release", "--package", "waypoint-xds", "--example", "mutants"]);
    command.args(["--message-format", "json"]).current_dir(copy);
    command.env("CARGO_TARGET_DIR", target().join("mutants/target")).env("RUSTFLAGS", "--cap-lints=allow");
    command.env("CARGO_PROFILE_RELEASE_LTO", "off").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    command.env("CARGO_INCREMENTAL", "1");
    let output = command.stderr(Stdio::inherit()).output()?;
    let messages = String::from_utf8_lossy(&output.stdout);
    let errors = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok()?.message)
        .filter(|message| message.level == "error")
        .collect();
    Ok((output.status.success(), errors))
}

type Shared<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// What became of every mutant.
fn try_all(count: usize, dropped: &BTreeSet<u32>) -> Result<BTreeMap<u32, String>> {
    let program = target().join("mutants/target/release/examples/mutants");
    let mut folders: Vec<PathBuf> = CASES.iter().map(|folder| root().join(folder)).collect();
    folders.extend(reference_files::unless_skipped("reference/cases", "cases of the reference")?);
    let workers = std::thread::available_parallelism()?.get();
    let found = std::thread::scope(|scope| {
        let tried = |worker| try_each(&program, &folders, [worker, workers, count]);
        let running: Vec<_> = (0..workers).map(|worker| scope.spawn(move || tried(worker))).collect();
        let ended = |worker: std::thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|_| Err("a worker panicked".into()))
        };
        running.into_iter().map(ended).collect::<Shared<Vec<_>>>()
    });
    let mut fates: BTreeMap<u32, String> =
        found.map_err(|error| error.to_string())?.into_iter().flatten().collect();
    fates.retain(|number, _| !dropped.contains(number));
    Ok(fates)
}

/// Tries every so many mutants, from a number on. The program is started again behind one that ends it: by
/// its stack, or by the time that it takes.
fn try_each(
    program: &Path,
    folders: &[PathBuf],
    [first, step, count]: [usize; 3],
) -> Shared<Vec<(u32, String)>> {
    let mut fates = Vec::new();
    let mut next = first;
    while next < count {
        let reported = try_from(program, folders, [next, step, count])?;
        next += reported.len() * step;
        fates.extend(reported);
        if next < count {
            fates.push((u32::try_from(next)?, "killed".to_owned()));
            next += step;
        }
    }
    Ok(fates)
}

/// Tries mutants from a number on, as long as the program lives.
fn try_from(program: &Path, folders: &[PathBuf], numbers: [usize; 3]) -> Shared<Vec<(u32, String)>> {
    let mut command = Command::new(program);
    command.args(numbers.map(|number| number.to_string())).args(folders);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let output = child.stdout.take().ok_or("no output")?;
    let mut lines = BufReader::new(output).lines();
    // Where it ends before that, no mutant ended it.
    lines.next().ok_or("the cases cannot be translated without any mutant")??;
    let mut fates = Vec::new();
    for line in lines {
        let line = line?;
        let (number, fate) = line.split_once(' ').ok_or("not a fate")?;
        fates.push((number.parse()?, fate.to_owned()));
        if fates.len() % PROGRESS == 0 {
            eprintln!("mutants: at {number}");
        }
    }
    child.wait()?;
    Ok(fates)
}

/// A mutant by what stays as lines move: its file, its function and what is changed.
type Named = (String, String, String);

/// The mutants that no case can notice, each below the reason.
fn explained() -> Result<BTreeSet<Named>> {
    let text = std::fs::read_to_string(root().join(EXPLAINED))?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let named = lines.map(|line| {
        let mut parts = line.splitn(3, '\t').map(str::to_owned);
        let mut part = || parts.next().ok_or_else(|| format!("{EXPLAINED}: not a mutant: {line}"));
        Ok((part()?, part()?, part()?))
    });
    named.collect()
}

/// Prints all mutants that no case notices.
fn report(files: &[File], dropped: &BTreeSet<u32>, fates: &BTreeMap<u32, String>) -> Result<()> {
    let explained = explained()?;
    let (mut counts, mut unnoticed) = (BTreeMap::new(), BTreeSet::new());
    for file in files {
        for mutant in file.mutants.iter().filter(|mutant| !dropped.contains(&mutant.number)) {
            let fate = fates.get(&mutant.number).map_or("untried", String::as_str);
            *counts.entry(fate).or_insert(0_usize) += 1;
            if matches!(fate, "killed" | "origins") {
                continue;
            }
            let named = (file.path.clone(), mutant.function.clone(), mutant.change.clone());
            if !explained.contains(&named) {
                println!("{fate}\t{}:{}\t{}\t{}", file.path, mutant.line, mutant.function, mutant.change);
            }
            unnoticed.insert(named);
        }
    }
    let is_looked_at = |path: &str| files.iter().any(|file| file.path == path);
    let stale: Vec<&Named> =
        explained.difference(&unnoticed).filter(|(path, ..)| is_looked_at(path)).collect();
    for (path, function, change) in &stale {
        println!("stale\t{path}\t{function}\t{change}");
    }
    let told: Vec<String> = counts.iter().map(|(fate, count)| format!("{count} {fate}")).collect();
    println!("mutants: {}", told.join(", "));
    match (unnoticed.difference(&explained).count(), stale.len()) {
        (0, 0) => Ok(()),
        (some, stale) => Err(format!(
            "no case notices {some} mutants that {EXPLAINED} does not explain; {stale} of its lines are stale"
        )
        .into()),
    }
}
