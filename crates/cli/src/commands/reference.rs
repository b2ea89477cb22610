//! The page of the command line in the book, `docs/reference/command-line.md`: what `--help` says, as
//! Markdown.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use clap::{Arg, Command, CommandFactory};

use crate::args::{Args, SHARED};
use crate::{Failure, Outcome, output};

/// Where the shared options stand on the page.
const SHARED_ANCHOR: &str = "#options-that-commands-share";

/// Prints the page.
pub(super) fn run() -> Result<Outcome, Failure> {
    let mut program = Args::command();
    program.build();
    output::print(&page(&program))?;
    Ok(Outcome::Clean)
}

fn page(program: &Command) -> String {
    let commands = all(program);
    let mut page = String::from(
        "# The command line\n\n\
         Every command with its options, as `--help` prints them; [commands](../commands.md) has the short version. Written by\n\
         `cargo xtask commands`.\n\n\
         | command | what it does |\n|---|---|\n",
    );
    for command in &commands {
        let name = name(command);
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        // Writing to a string does not fail, here and below.
        let _ = writeln!(page, "| [`{name}`](#{}) | {} |", name.replace(' ', "-"), cell(&about));
    }
    for command in &commands {
        of_command(command, &mut page);
    }
    of_shared(&commands, &mut page);
    page
}

/// The commands that are told about, each before those below it.
fn all(command: &Command) -> Vec<&Command> {
    let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
    let shown = shown.filter(|command| command.get_name() != "help");
    shown
        .flat_map(|command| {
            let below = all(command);
            let itself = below.is_empty().then_some(command);
            itself.into_iter().chain(below)
        })
        .collect()
}

fn name(command: &Command) -> String {
    command.get_bin_name().unwrap_or(command.get_name()).to_owned()
}

fn of_command(command: &Command, page: &mut String) {
    let _ = writeln!(page, "\n## `{}`\n", name(command));
    if let Some(about) = command.get_long_about().or_else(|| command.get_about()) {
        let _ = writeln!(page, "{about}\n");
    }
    let usage = command.clone().render_usage().to_string();
    let _ = writeln!(page, "```text\n{}\n```", usage.trim_start_matches("Usage: "));
    let aliases: Vec<String> = command.get_visible_aliases().map(|alias| format!("`{alias}`")).collect();
    if !aliases.is_empty() {
        let _ = writeln!(page, "\nAlso called {}.", aliases.join(", "));
    }
    let (shared, own): (Vec<&Arg>, Vec<&Arg>) = arguments(command).partition(|argument| is_shared(argument));
    table(&own, page);
    if !shared.is_empty() {
        let _ = writeln!(page, "\nAnd the [options that commands share]({SHARED_ANCHOR}).");
    }
    if let Some(examples) = command.get_after_help() {
        let text = examples.to_string();
        let lines = text.trim_start_matches("Examples:\n").lines().map(str::trim_start);
        let _ = writeln!(page, "\n```sh\n{}\n```", lines.collect::<Vec<_>>().join("\n"));
    }
}

fn of_shared(commands: &[&Command], page: &mut String) {
    let mut seen = BTreeSet::new();
    let shared: Vec<&Arg> = commands
        .iter()
        .flat_map(|command| arguments(command))
        .filter(|argument| is_shared(argument) && seen.insert(argument.get_id().as_str()))
        .collect();
    page.push_str("\n## Options that commands share\n\nOf every command that reads a snapshot.\n");
    table(&shared, page);
}

fn arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    let told = command.get_arguments().filter(|argument| !argument.is_hide_set());
    told.filter(|argument| !matches!(argument.get_id().as_str(), "help" | "version"))
}

fn is_shared(argument: &Arg) -> bool {
    argument.get_help_heading() == Some(SHARED)
}

fn table(arguments: &[&Arg], page: &mut String) {
    if arguments.is_empty() {
        return;
    }
    page.push_str("\n| option | what it says |\n|---|---|\n");
    for argument in arguments {
        let _ = writeln!(page, "| {} | {} |", cell(&written(argument)), cell(&said(argument)));
    }
}

/// How an argument is written: `-o`, `--output FORMAT`.
fn written(argument: &Arg) -> String {
    let names = argument.get_value_names().unwrap_or_default();
    let value = if argument.get_action().takes_values() {
        let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        names.join(" ")
    } else {
        String::new()
    };
    if argument.is_positional() {
        return format!("`{value}`");
    }
    let short = argument.get_short().map(|short| format!("-{short}"));
    let long = argument.get_long().map(|long| format!("--{long}"));
    let mut words: Vec<String> = short.into_iter().chain(long).collect();
    if let (Some(last), false) = (words.last_mut(), value.is_empty()) {
        *last = format!("{last} {value}");
    }
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// What is said of an argument: its help, its values, its default.
fn said(argument: &Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let mut text = help.map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| match value.get_help() {
            Some(help) => format!("`{}` ({})", value.get_name(), help.to_string().trim_end_matches('.')),
            None => format!("`{}`", value.get_name()),
        })
        .collect();
    if !text.ends_with(['.', ']']) {
        // Clap takes the full stop off a sentence that stands alone.
        text.push('.');
    }
    if !values.is_empty() && argument.get_action().takes_values() {
        let _ = write!(text, " One of {}.", values.join(", "));
    }
    let defaults: Vec<String> =
        argument.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if !defaults.is_empty() && argument.get_action().takes_values() {
        let _ = write!(text, " Default: {}.", defaults.join(", "));
    }
    text
}

/// A text in a cell of a table. Outside of code what stands in angle brackets would be a tag.
fn cell(text: &str) -> String {
    let text = text.replace('\n', " ").replace('|', "\\|");
    let parts = text.split('`').enumerate();
    let parts =
        parts.map(|(index, part)| if index % 2 == 0 { part.replace('<', "&lt;") } else { part.to_owned() });
    parts.collect::<Vec<_>>().join("`")
}
