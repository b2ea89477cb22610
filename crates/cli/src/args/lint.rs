//! The words of `waypoint-xds lint`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCandidates;
use waypoint_xds::lint::Selector;
use waypoint_xds::problem::Severity;

use super::Input;
use crate::completion;

#[derive(Debug, Args)]
pub(crate) struct Lint {
    /// How findings are printed (to standard output).
    #[arg(short = 'o', long, value_enum, default_value_t = LintFormat::Text, value_name = "FORMAT")]
    pub(crate) output: LintFormat,
    /// Report only these codes or groups, and what cannot be read; `all` is everything.
    #[arg(long, value_name = "CODE|GROUP", value_delimiter = ',', add = ArgValueCandidates::new(completion::selectors))]
    pub(crate) select: Vec<Selector>,
    /// Do not report these codes or groups.
    #[arg(long, value_name = "CODE|GROUP", value_delimiter = ',', add = ArgValueCandidates::new(completion::selectors))]
    pub(crate) ignore: Vec<Selector>,
    /// The least severity of a finding that makes the exit code 1: error, warning or note [default: error].
    #[arg(long, value_name = "SEVERITY")]
    pub(crate) fail_on: Option<Severity>,
    /// Report only what this file does not have: see --write-baseline.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Write what is found to this file, and report nothing.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "fix", "diff"])]
    pub(crate) write_baseline: Option<PathBuf>,
    /// Mend what can be mended with certainty, in the files; then report what is left.
    #[arg(long, conflicts_with = "diff")]
    pub(crate) fix: bool,
    /// Print what --fix would change, as a unified difference, instead of the findings.
    #[arg(long)]
    pub(crate) diff: bool,
    /// The file of settings [default: waypoint-xds.toml in the folder of the first input, or in one above
    /// it].
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub(crate) config: Option<PathBuf>,
    /// Read no file of settings.
    #[arg(long)]
    pub(crate) no_config: bool,
    /// Run again whenever a file changes.
    #[arg(long, conflicts_with_all = ["fix", "write_baseline"])]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) input: Input,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintFormat {
    /// With the source line underlined.
    Text,
    /// One line each.
    Concise,
    /// A JSON array.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// JUnit's XML, a suite for each file.
    Junit,
    /// GitHub workflow commands.
    Github,
    /// GitLab's report of code quality.
    Gitlab,
    /// Checkstyle's XML.
    Checkstyle,
}
