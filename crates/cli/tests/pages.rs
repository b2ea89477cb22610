//! The pages of the documentation hold together: links lead somewhere, the book's table of contents has every
//! page once, the README is short, pictures are what the commands draw.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};
use std::process::Command;

/// Where the repository's files can be read. The book links what is outside of it so.
const REPOSITORY: &str = "https://github.com/waypoint-xds/waypoint-xds/blob/main/";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The Markdown files below a folder, without what is built or installed.
fn markdown(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let skipped =
            name.starts_with('.') || name.starts_with("target") || name == "node_modules" || name == "pkg";
        if path.is_dir() && !skipped {
            found.extend(markdown(&path));
        } else if name.ends_with(".md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The lines of a page that are no code.
fn prose(text: &str) -> Vec<&str> {
    let mut fenced = false;
    text.lines()
        .filter(|line| {
            let fence = line.trim_start().trim_start_matches("> ").starts_with("```");
            fenced ^= fence;
            !fenced && !fence
        })
        .collect()
}

/// A line without its code spans: what looks like a link there is none.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("``")
}

/// The targets of links and pictures.
fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        let line = without_code(line);
        for rest in line.split("](").skip(1) {
            found.extend(rest.split_once(')').map(|(target, _)| target.to_owned()));
        }
        if let Some((_, target)) = line.split_once("]: ").filter(|_| line.starts_with('[')) {
            found.push(target.trim().to_owned());
        }
    }
    found
}

/// The anchors of a page: its headings, as GitHub and mdBook write them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen = BTreeMap::<String, usize>::new();
    let headings = prose(text).into_iter().filter(|line| line.starts_with('#'));
    let mut all = BTreeSet::new();
    for heading in headings {
        let slug: String = heading
            .trim_start_matches('#')
            .trim()
            .to_lowercase()
            .chars()
            .filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'))
            .map(|character| if character == ' ' { '-' } else { character })
            .collect();
        let times = seen.entry(slug.clone()).or_default();
        all.insert(if *times == 0 { slug } else { format!("{slug}-{times}") });
        *times += 1;
    }
    all
}

/// A path without `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, component| {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
        plain
    })
}

/// What is wrong with a link of a page.
fn fault(page: &Path, target: &str) -> Option<String> {
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let path = match file.strip_prefix(REPOSITORY) {
        Some(file) => root().join(file),
        None if file.contains("://") || file.starts_with("mailto:") => return None,
        None if file.is_empty() => page.to_owned(),
        None => plain(&page.parent().unwrap().join(file)),
    };
    if !path.exists() {
        return Some(format!("there is no {}", path.display()));
    }
    let book = root().join("docs");
    if page.starts_with(&book) && !path.starts_with(&book) && !file.starts_with(REPOSITORY) {
        return Some(format!("leads out of the book: write {REPOSITORY}…"));
    }
    let anchor = anchor.filter(|_| path.extension().is_some_and(|extension| extension == "md"))?;
    let known = anchors(&std::fs::read_to_string(&path).unwrap());
    (!known.contains(anchor)).then(|| format!("{} has no heading #{anchor}", path.display()))
}

#[test]
fn links_lead_somewhere() {
    let pages = markdown(&root());
    assert!(pages.len() > 100, "the documentation lost its pages");
    let mut faults = Vec::new();
    for page in &pages {
        let text = std::fs::read_to_string(page).unwrap();
        let found = targets(&text).into_iter().filter_map(|target| {
            fault(page, &target).map(|fault| format!("{}: {target}: {fault}", page.display()))
        });
        faults.extend(found);
    }
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn the_book_has_every_page_once() {
    let book = root().join("docs");
    let summary = book.join("SUMMARY.md");
    let mut listed: Vec<PathBuf> = targets(&std::fs::read_to_string(&summary).unwrap())
        .iter()
        .map(|target| plain(&book.join(target)))
        .collect();
    listed.sort();
    let pages: Vec<PathBuf> = markdown(&book).into_iter().filter(|page| *page != summary).collect();
    assert_eq!(listed, pages);
}

#[test]
fn the_readme_is_short() {
    let lines = std::fs::read_to_string(root().join("README.md")).unwrap().lines().count();
    assert!(lines <= 150, "the README has {lines} lines: what is longer than 150 is for the book");
}

/// Each version has each heading once, and below it one list.
#[test]
fn the_changelog_has_one_list_for_each_heading() {
    const HEADINGS: [&str; 6] = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
    let text = std::fs::read_to_string(root().join("CHANGELOG.md")).unwrap();
    for version in text.split("\n## ").skip(1) {
        let name = version.lines().next().unwrap();
        let mut seen = BTreeSet::new();
        for section in version.split("\n### ").skip(1) {
            let (heading, list) = section.split_once('\n').unwrap();
            assert!(HEADINGS.contains(&heading) && seen.insert(heading), "{name}: {heading}");
            let lists = list.trim().split("\n\n").count();
            let is_list = list.trim().lines().all(|line| line.starts_with("- ") || line.starts_with("  "));
            assert!(lists == 1 && is_list, "{name}, {heading}: no list, or more than one");
        }
    }
}

#[test]
fn pictures_are_what_the_commands_draw() {
    let arguments = ["cost", "-f", "testdata/cases/scope-two-by-two.yaml", "--rule", "mesh", "-o", "svg"];
    let drawn = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"))
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    let path = root().join("docs/pictures/cost.svg");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &drawn.stdout).unwrap();
    }
    assert!(
        std::fs::read(path).unwrap() == drawn.stdout,
        "docs/pictures/cost.svg is stale: UPDATE_GOLDEN=1 writes it"
    );
}

#[test]
fn headings_become_anchors() {
    let text = "# One `two`: three\n## Same\n```sh\n# no heading\n```\n## Same\n";
    assert_eq!(anchors(text), ["one-two-three", "same", "same-1"].map(str::to_owned).into());
}

#[test]
fn links_are_found() {
    let text = "[a](b.md#c), `[no](code)` ![d](e.svg)\n\n[f]: g.md\n```text\n[no](code)\n```\n";
    assert_eq!(targets(text), ["b.md#c", "e.svg", "g.md"]);
}
