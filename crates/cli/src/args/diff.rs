//! The words of `diff`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use waypoint_xds::names::WaypointName;

use super::How;

#[derive(Debug, ClapArgs)]
pub(crate) struct Diff {
    /// What is compared: OLD and NEW, each a file, a directory or whatever else -f takes elsewhere; with
    /// --git, with `--release OLD..NEW`, `--revision OLD..NEW`, or with another setting for the new side, the
    /// paths that both sides have.
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// Compare the paths in two revisions of their Git repository: OLD..NEW; without NEW with the files as
    /// they are.
    #[arg(long, value_name = "OLD..[NEW]")]
    pub(crate) git: Option<String>,
    /// A feature flag of the new side; may be given several times.
    #[arg(long = "new-feature", value_name = "NAME=VALUE")]
    pub(crate) new_features: Vec<String>,
    /// The MeshConfig of the new side.
    #[arg(long, value_name = "FILE")]
    pub(crate) new_mesh_config: Option<PathBuf>,
    /// Compare a live waypoint with the files: the old side is what its proxy holds, as this config dump
    /// tells (of /config_dump?include_eds, or `istioctl proxy-config all -o json`), the new one what the
    /// paths would make of it.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["git", "new_features", "new_mesh_config"])]
    pub(crate) live: Option<PathBuf>,
    /// The waypoint that the config dump is of, where its bootstrap does not tell.
    #[arg(long, value_name = "NAMESPACE/NAME", requires = "live")]
    pub(crate) waypoint: Option<WaypointName>,
    /// Tell only these parts.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PART")]
    pub(crate) only: Vec<Part>,
    /// Exit with 1 where anything differs, as git's option of this name.
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// Text, JSON, or the Markdown of a comment on a pull request.
    #[arg(short = 'o', long, value_enum, default_value_t = DiffFormat::Text, value_name = "FORMAT")]
    pub(crate) output: DiffFormat,
    /// Run again whenever a file changes.
    #[arg(long)]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) how: How,
}

/// A part of what differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// What comes of requests.
    Requests,
    /// The resources of each waypoint.
    Resources,
    /// What is found wrong.
    Findings,
    /// The conditions that Istio would write.
    Statuses,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    Text,
    Json,
    Markdown,
}
