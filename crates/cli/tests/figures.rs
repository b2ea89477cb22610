//! Figures and tables of the pages are true: those of parity are the committed scores', the options, exit
//! codes and variables are the command line's.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test may panic"
)]

mod book;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use book::root;
use serde_json::Value;

const RELEASES: [&str; 4] = ["1.18", "1.29", "1.30", "1.31"];

fn page(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).expect(name)
}

fn score(name: &str) -> Value {
    serde_json::from_str(&page(&format!("testdata/score/{name}.json"))).unwrap()
}

/// A number as people write it: `22,996`.
fn written(number: u64) -> String {
    let digits = number.to_string();
    let split = digits.len() % 3;
    let head = digits[..split].to_owned();
    let rest = digits.as_bytes()[split..].chunks(3).map(|part| String::from_utf8(part.to_vec()).unwrap());
    std::iter::once(head).filter(|head| !head.is_empty()).chain(rest).collect::<Vec<_>>().join(",")
}

/// The cases of a score that are identical and all of them, and the same of what they hold.
fn counts(score: &Value, whole: &str) -> [u64; 4] {
    let cases = score["cases"].as_object().unwrap();
    let numbers = |case: &Value| (case["identical"].as_u64().unwrap(), case[whole].as_u64().unwrap());
    cases.values().map(numbers).fold([0; 4], |[same, cases, identical, all], (is, of)| {
        [same + u64::from(is == of), cases + 1, identical + is, all + of]
    })
}

/// A row of the table of parity.
fn row(release: &str) -> String {
    let [same, cases, identical, all] = counts(&score(release), "resources").map(|number| number);
    let percent = match identical == all {
        true => "100".to_owned(),
        // Never rounded to what it is not.
        false => format!("{:.2}", (100.0 * identical as f64 / all as f64).min(99.99)),
    };
    let [same, cases, identical, all] = [same, cases, identical, all].map(written);
    format!("| {release} | {same} of {cases} | {identical} of {all} ({percent} %) |")
}

#[test]
fn parity_is_what_is_scored() {
    for name in ["README.md", "docs/parity.md"] {
        let text = page(name);
        for release in RELEASES {
            let row = row(release);
            assert!(text.lines().any(|line| line == row), "{name} lacks\n{row}");
        }
    }
    let all: BTreeSet<String> = RELEASES
        .iter()
        .flat_map(|release| score(release)["cases"].as_object().unwrap().keys().cloned().collect::<Vec<_>>())
        .collect();
    let snapshots = format!("{} snapshots", written(all.len() as u64));
    assert!(page("README.md").contains(&snapshots), "the README lacks \"{snapshots}\"");
}

#[test]
fn what_ztunnel_gets_is_what_is_scored() {
    let [_, cases, identical, all] = counts(&score("ambient-1.31"), "entries").map(written);
    let text = page("docs/parity.md").replace('\n', " ");
    let figures = format!("of {cases} snapshots ({identical} of {all} entries identical)");
    assert!(text.contains(&figures), "docs/parity.md lacks \"{figures}\"");
}

#[test]
fn what_lint_finds_is_what_is_scored() {
    let score = score("pits");
    let cases = score["cases"].as_object().unwrap();
    let number = |field: &str| score[field].as_u64().unwrap();
    let (pits, valid) = (number("pits"), number("valid"));
    assert_eq!(pits + valid, cases.len() as u64);
    let share = |field: &str, all: u64| (score[field].as_f64().unwrap() * all as f64 / 100.0).round();
    let (found, quiet) = (share("found", pits), share("quiet", valid));
    let right = cases.values().filter(|case| case.as_bool() == Some(true)).count();
    assert_eq!(found + quiet, right as f64);
    let figures = format!(
        "{} small snapshots ({found} of {pits} found, {quiet} of {valid} valid ones quiet)",
        cases.len()
    );
    assert!(page("README.md").replace('\n', " ").contains(&figures), "the README lacks \"{figures}\"");
}

/// The rows of the tables below a heading, or of a page's first table; without heads.
fn rows(text: &str, heading: Option<&str>) -> Vec<Vec<String>> {
    let start = heading.map_or(0, |heading| text.find(&format!("\n## {heading}\n")).expect(heading) + 1);
    let lines = text[start..].lines().skip(1).take_while(|line| !line.starts_with("## "));
    lines
        .filter(|line| line.starts_with("| "))
        .skip(1)
        .map(|line| {
            // A bar in a cell has a backslash before it.
            let line = line.trim_matches('|').replace("\\|", "\u{1}");
            line.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
        })
        .collect()
}

/// The options that clap knows of a command or of all, as the page that is made from it tells: what is said
/// of each by how it is written.
fn options(heading: &str) -> BTreeMap<String, String> {
    let rows = rows(&page("docs/reference/command-line.md"), Some(heading));
    let option = |row: Vec<String>| {
        let [written, said] = <[String; 2]>::try_from(row).unwrap();
        (written.rsplit(", ").next().unwrap().trim_matches('`').to_owned(), said)
    };
    rows.into_iter().map(option).collect()
}

#[test]
fn options_are_those_of_the_command_line() {
    /// What the command line alone takes: Python and JavaScript have other ways for it.
    const ITS_OWN: [&str; 8] = [
        "--filename PATH",
        "--exclude GLOB",
        "--allow-empty",
        "--color WHEN",
        "--strict",
        "--problems FORMAT",
        "--quiet",
        "--help",
    ];
    let mut known = options("Options that commands share");
    known.extend(
        options("`waypoint-xds translate`").into_iter().filter(|(option, _)| option == "--waypoint NS/NAME"),
    );
    let mut listed = BTreeSet::new();
    for row in rows(&page("docs/reference/options.md"), None) {
        let option = row[0].trim_matches('`').to_owned();
        let said = known.get(&option).unwrap_or_else(|| panic!("there is no {option}: {:?}", known.keys()));
        // Every value that the page writes as code is one of those that clap knows.
        let default = row[3].trim_matches('`');
        if let Some((before, values)) = said.split_once(" One of ") {
            let is_default = before.ends_with(&format!(" [default: {default}]"))
                || values.ends_with(&format!(" Default: `{default}`."));
            assert!(is_default, "{option}: {said}");
            let codes = row[4].split('`').skip(1).step_by(2);
            for code in codes {
                assert!(values.contains(&format!("`{code}`")), "{option} has no value {code}: {said}");
            }
        }
        listed.insert(option);
    }
    let missing: Vec<&String> = known
        .keys()
        .filter(|option| !listed.contains(*option) && !ITS_OWN.contains(&option.as_str()))
        .collect();
    assert!(missing.is_empty(), "docs/reference/options.md lacks {missing:?}");
}

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, bool) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"));
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "FORCE_COLOR"] {
        command.env_remove(name);
    }
    let output =
        command.args(arguments).envs(environment.iter().copied()).current_dir(root()).output().unwrap();
    (output.status.code(), [output.stdout, output.stderr].concat().contains(&b'\x1b'))
}

#[test]
fn exit_codes_are_those_of_the_command_line() {
    let trace = |from: &'static str, to: &'static str| {
        ["trace", "-f", "testdata/trace/shop.yaml", "--from", from, "--to", to]
    };
    let warned = ["translate", "-f", "testdata/readme/typo.yaml", "--validate", "warn"];
    let codes: [(&str, &[&[&str]]); 4] = [
        ("0", &[&["lint", "-f", "testdata/readme/before"], &warned, &trace("web/front", "stock.shop:80")]),
        (
            "1",
            &[
                &["lint", "-f", "testdata/readme/typo.yaml"],
                &["lint", "-f", "testdata/readme/before", "--fail-on", "note"],
                &[&warned[..], &["--strict"]].concat(),
                &["test", "testdata/tests/failing.test.yaml", "-f", "testdata/trace/shop.yaml"],
                &["trace", "-f", "testdata/readme/shop.yaml", "--from", "web/front", "--to", "cart.shop:80"],
            ],
        ),
        (
            "2",
            &[
                &["lint", "--no-such-option"],
                &["lint", "-f", "testdata/no-such-file"],
                &["lint", "-f", "docs/pictures"],
                &["translate", "-f", "testdata/readme/before", "--out", "README.md/no-folder"],
            ],
        ),
        ("3", &[&trace("pod/proxied-1.web", "cart.shop:80")]),
    ];
    let listed: Vec<String> = rows(&page("docs/reference/options.md"), Some("Exit codes"))
        .into_iter()
        .map(|row| row[0].clone())
        .collect();
    assert_eq!(listed, codes.map(|(code, _)| code));
    for (code, runs) in codes {
        for arguments in runs {
            assert_eq!(run(arguments, &[]).0.unwrap().to_string(), code, "{arguments:?}");
        }
    }
}

/// The variables that a crate's sources ask for.
fn asked(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            asked(&path, found);
            continue;
        }
        let text = std::fs::read_to_string(path).unwrap();
        for opening in ["set(\"", "var_os(\"", "env::var(\"", ".var(\"", "VARIABLE: &str = \""] {
            let names = text.split(opening).skip(1).filter_map(|rest| rest.split_once('"'));
            let is_variable = |name: &&str| name.chars().all(|c| c.is_ascii_uppercase() || c == '_');
            found.extend(names.map(|(name, _)| name).filter(is_variable).map(str::to_owned));
        }
    }
}

#[test]
fn variables_are_those_that_are_asked_for() {
    let mut known = BTreeSet::new();
    asked(&root().join("crates/cli/src"), &mut known);
    asked(&root().join("crates/files/src"), &mut known);
    let listed: BTreeSet<String> = rows(&page("docs/reference/options.md"), Some("Environment"))
        .iter()
        .flat_map(|row| row[0].split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
        .map(|name| name.split('=').next().unwrap().to_owned())
        .collect();
    assert_eq!(listed, known);
    let typo = ["lint", "-f", "testdata/readme/typo.yaml"];
    for (environment, coloured) in [
        (&[][..], false),
        (&[("CLICOLOR_FORCE", "1")], true),
        (&[("FORCE_COLOR", "1")], true),
        (&[("FORCE_COLOR", "1"), ("NO_COLOR", "1")], false),
    ] {
        assert_eq!(run(&typo, environment).1, coloured, "{environment:?}");
    }
}

#[test]
fn numbers_are_written_as_people_write_them() {
    assert_eq!([7, 154, 1144, 22_996, 1_000_000].map(written), ["7", "154", "1,144", "22,996", "1,000,000"]);
}
