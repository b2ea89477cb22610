//! The words of `test`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::Input;

#[derive(Debug, ClapArgs)]
pub(crate) struct Test {
    /// Files of tests, or directories of them [default: those of the input].
    #[arg(value_name = "TESTS")]
    pub(crate) tests: Vec<PathBuf>,
    /// Only tests whose name has this in it; may be given several times.
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Vec<String>,
    /// Text, JUnit's XML, the Test Anything Protocol, JSON, or GitHub's workflow commands.
    #[arg(short = 'o', long, value_enum, default_value_t = TestFormat::Text, value_name = "FORMAT")]
    pub(crate) output: TestFormat,
    /// Run again whenever a file changes.
    #[arg(long)]
    pub(crate) watch: bool,
    /// Write into the files of tests what comes of their requests now: where nothing is expected, and where
    /// something else is.
    #[arg(long, conflicts_with = "watch")]
    pub(crate) record: bool,
    #[command(flatten)]
    pub(crate) coverage: CoverageArgs,
    /// Print the JSON schema of a file of tests, for editors.
    #[arg(long, exclusive = true)]
    pub(crate) schema: bool,
    #[command(flatten)]
    pub(crate) input: Input,
}

/// What is told of what the tests have reached.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Coverage")]
pub(crate) struct CoverageArgs {
    /// Tell which routes, matches, policies, rules and subsets no test has reached.
    #[arg(long)]
    pub(crate) coverage: bool,
    /// Write that as LCOV over the lines of the input.
    #[arg(long, value_name = "FILE")]
    pub(crate) lcov: Option<PathBuf>,
    /// Fail (exit code 1) where less than this much is reached, in percent.
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    pub(crate) min_coverage: Option<f64>,
}

impl CoverageArgs {
    /// Whether anybody asks.
    pub(crate) fn is_asked(&self) -> bool {
        self.coverage || self.lcov.is_some() || self.min_coverage.is_some()
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.trim_end_matches('%').parse::<f64>().ok();
    number.filter(|percent| (0.0..=100.0).contains(percent)).ok_or_else(|| "expected 0 to 100".to_owned())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    Text,
    Junit,
    Tap,
    Json,
    Github,
}
