//! Every command of the console blocks of the README and of the documentation prints what stands there, and
//! so does one in a comment before a quotation. Blanks at the ends of lines do not count; a line `…` stands
//! for any number of lines.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod book;

use std::path::PathBuf;
use std::process::Command;

use book::{pages, root};

/// A command and the lines that it should print.
struct Example {
    arguments: Vec<String>,
    output: Vec<String>,
}

/// The examples in a Markdown text.
fn examples(markdown: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut in_block = false;
    let mut continued = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            in_block = line == "```console";
            continue;
        }
        if !in_block {
            continue;
        }
        let (text, more) = line.strip_suffix('\\').map_or((line, false), |start| (start, true));
        if let Some(command) = text.strip_prefix("$ waypoint-xds ") {
            found.push(Example { arguments: words(command), output: Vec::new() });
        } else if continued {
            found.last_mut().unwrap().arguments.extend(words(text));
        } else if let Some(example) = found.last_mut() {
            example.output.push(line.trim_end().to_owned());
        }
        continued = more;
    }
    found
}

/// The quotations in a Markdown text that are what a command prints: a comment `<!-- $ waypoint-xds … -->`
/// stands before each.
fn quotations(markdown: &str) -> Vec<Example> {
    let mut found: Vec<Example> = Vec::new();
    let mut quoted = false;
    for line in markdown.lines() {
        let command = line.strip_prefix("<!-- $ waypoint-xds ").and_then(|rest| rest.strip_suffix(" -->"));
        match (command, line.strip_prefix('>'), found.last_mut()) {
            (Some(command), _, _) => found.push(Example { arguments: words(command), output: Vec::new() }),
            (None, Some(text), Some(example)) if quoted => {
                example.output.push(text.strip_prefix(' ').unwrap_or(text).trim_end().to_owned());
            }
            _ => {}
        }
        quoted = command.is_some() || (quoted && line.starts_with('>'));
    }
    found
}

/// A shell's words, with single quotes.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (position, part) in command.split('\'').enumerate() {
        if position % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Runs a command in the repository's folder; what it would write goes to a folder of the test's.
fn run(example: &Example) -> Vec<String> {
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("readme");
    let arguments = example
        .arguments
        .iter()
        .map(|word| word.strip_prefix("/tmp/").map_or(PathBuf::from(word), |name| out.join(name)));
    let output = Command::new(env!("CARGO_BIN_EXE_waypoint-xds"))
        .args(arguments)
        .current_dir(root())
        .output()
        .expect("the command starts");
    let bytes = if output.stdout.is_empty() { output.stderr } else { output.stdout };
    String::from_utf8(bytes).unwrap().lines().map(|line| line.trim_end().to_owned()).collect()
}

/// What Git sees in the checkout that is not committed.
fn uncommitted() -> String {
    let output = Command::new("git")
        .args(["status", "--porcelain", "--untracked-files=all", "--ignored=matching"])
        .current_dir(root())
        .output()
        .expect("git is there");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Whether the lines are those expected, `…` standing for any.
fn fits(expected: &[String], found: &[String]) -> bool {
    match expected.iter().position(|line| line == "…") {
        None => expected == found,
        Some(gap) => {
            let (start, end) = (expected.get(..gap).unwrap(), expected.get(gap + 1..).unwrap());
            found.starts_with(start) && found.ends_with(end) && found.len() >= start.len() + end.len()
        }
    }
}

#[test]
fn pages_show_what_the_commands_print() {
    let all = pages().into_iter().flat_map(|page| {
        let text = std::fs::read_to_string(page).unwrap();
        examples(&text).into_iter().chain(quotations(&text))
    });
    let examples: Vec<Example> = all.collect();
    assert!(examples.len() > 30, "the documentation lost its examples");
    let before = uncommitted();
    for example in &examples {
        let found = run(example);
        let command = example.arguments.join(" ");
        assert!(
            fits(&example.output, &found),
            "{command}\nexpected:\n{}\nfound:\n{}",
            example.output.join("\n"),
            found.join("\n")
        );
    }
    assert_eq!(uncommitted(), before, "a command left something in the checkout");
}
