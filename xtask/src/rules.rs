//! `cargo xtask rules`: `docs/rules`, a page for each code and a table of all, from what the library says of
//! itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use waypoint_xds::lint::{RULES, Releases, Rule};
use waypoint_xds::problem::Code;

use crate::args::Check;
use crate::{Result, root};

/// The book's table of contents, from the folder of the pages.
const CONTENTS: &str = "../SUMMARY.md";

/// Files by their names.
type Pages = BTreeMap<String, String>;

/// Runs the task.
pub(crate) fn run(&Check { check }: &Check) -> Result<()> {
    let folder = root().join("docs/rules");
    let (mut wanted, mut found) = (pages()?, files(&folder)?);
    // The book's table of contents lists them, too.
    let contents = fs::read_to_string(folder.join(CONTENTS))?;
    wanted.insert(CONTENTS.to_owned(), listed(&contents, wanted.keys()));
    found.insert(CONTENTS.to_owned(), contents);
    let stale: Vec<&str> =
        found.keys().filter(|name| !wanted.contains_key(*name)).map(String::as_str).collect();
    let changed: Vec<(&str, &str)> = wanted
        .iter()
        .filter(|(name, text)| found.get(*name) != Some(text))
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    if check {
        let names: Vec<&str> = changed.iter().map(|(name, _)| *name).chain(stale).collect();
        if !names.is_empty() {
            return Err(format!("docs/rules is stale (cargo xtask rules): {}", names.join(", ")).into());
        }
        println!("docs/rules has the {} pages that it should have", wanted.len());
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    for (name, text) in &changed {
        fs::write(folder.join(name), text)?;
    }
    for name in &stale {
        fs::remove_file(folder.join(name))?;
    }
    println!("wrote {} pages of {}, removed {}", changed.len(), wanted.len(), stale.len());
    Ok(())
}

/// The table of contents with a line for each page below that of the table.
fn listed<'n>(contents: &str, names: impl Iterator<Item = &'n String>) -> String {
    let pages: String = names
        .filter_map(|name| name.strip_suffix(".md"))
        .filter(|name| *name != "README")
        .map(|name| format!("  - [{name}](rules/{name}.md)\n"))
        .collect();
    let mut text = String::new();
    for line in contents.lines().filter(|line| !line.starts_with("  - ")) {
        text.push_str(line);
        text.push('\n');
        if line.ends_with("(rules/README.md)") {
            text.push_str(&pages);
        }
    }
    text
}

/// What is in the folder; nothing if it is not there.
fn files(folder: &Path) -> Result<Pages> {
    let mut pages = Pages::new();
    if !folder.is_dir() {
        return Ok(pages);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".md") {
            pages.insert(name, fs::read_to_string(entry.path())?);
        }
    }
    Ok(pages)
}

/// What the folder should have.
fn pages() -> Result<Pages> {
    let mut codes = Code::ALL.to_vec();
    codes.sort_by_key(|code| code.id());
    let mut table = String::from(
        "# Rules\n\n\
         Everything that is said of a snapshot, by its code. `waypoint-xds lint` says all of it, other commands what was found\n\
         while reading. Written by `cargo xtask rules`.\n\n\
         | code | group | severity | what | releases | `istioctl analyze` |\n|---|---|---|---|---|---|\n",
    );
    let mut pages = Pages::new();
    for code in codes {
        let rule = RULES.iter().find(|rule| rule.code == code);
        let (id, group, severity) = (code.id(), code.group(), code.severity().as_str());
        let what = rule.map_or_else(|| first_sentence(code.explanation()), Rule::title);
        let releases = releases(rule);
        let analyze = analyze(rule).unwrap_or_default();
        writeln!(table, "| [{id}]({id}.md) | {group} | {severity} | {what} | {releases} | {analyze} |")?;
        pages.insert(format!("{id}.md"), page(code, rule));
    }
    pages.insert("README.md".to_owned(), table);
    Ok(pages)
}

/// The page of a code: that of its rule, or its explanation, with a line of what is known about it below the
/// title.
fn page(code: Code, rule: Option<&Rule>) -> String {
    let (title, text) = match rule {
        Some(rule) => {
            (rule.title().to_owned(), rule.page.split_once('\n').map_or("", |(_, text)| text.trim()))
        }
        None => (format!("`{code}`"), code.explanation()),
    };
    let mut facts = vec![
        format!("Code `{code}`"),
        format!("group {}", code.group()),
        code.severity().as_str().to_owned(),
        releases(rule),
    ];
    facts.extend(analyze(rule).map(|codes| format!("`istioctl analyze`: {codes}")));
    format!("# {title}\n\n{}.\n\n{}\n", facts.join(", "), text)
}

/// The releases that a rule is for, in words; whatever is no rule's is for all of them.
fn releases(rule: Option<&Rule>) -> String {
    match rule.map_or(Releases::All, |rule| rule.releases) {
        Releases::Since(first) => format!("since {first}"),
        Releases::Until(last) => format!("until {last}"),
        _ => "all releases".to_owned(),
    }
}

/// The codes of `istioctl analyze` for the same fault.
fn analyze(rule: Option<&Rule>) -> Option<String> {
    let codes = rule?.analyze;
    (!codes.is_empty()).then(|| codes.join(", "))
}

fn first_sentence(text: &str) -> &str {
    text.split_once(". ").map_or_else(|| text.trim_end_matches('.'), |(first, _)| first)
}
