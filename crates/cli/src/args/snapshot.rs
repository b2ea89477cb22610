//! The words of `snapshot`.

use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs};
use clap_complete::engine::ArgValueCandidates;
use files::Cluster;

use super::input::limit;
use crate::completion;

#[derive(Debug, ClapArgs)]
pub(crate) struct Snapshot {
    /// The cluster: a context of kubectl's configuration [default: the current one].
    #[arg(long, value_name = "CONTEXT")]
    pub(crate) context: Option<String>,
    /// Only these namespaces, and Istio's own; several may be given [default: all].
    #[arg(short = 'n', long = "namespace", num_args = 1.., value_delimiter = ',', value_name = "NS")]
    pub(crate) namespaces: Vec<String>,
    /// Where istiod and its settings are.
    #[arg(short = 'i', long, default_value = Cluster::ISTIO_NAMESPACE, value_name = "NS")]
    pub(crate) istio_namespace: String,
    /// The file to write [default: standard output].
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Print the commands instead of running them: a script, which prints the snapshot.
    #[arg(long, conflicts_with_all = ["output", "quiet"])]
    pub(crate) print_command: bool,
    /// How large what is copied may be to be looked at for what is told of it: as everywhere, bytes=N and the
    /// like; may be given several times.
    #[arg(long = "limit", value_name = "NAME=N", value_parser = limit, add = ArgValueCandidates::new(completion::limits))]
    pub(crate) limits: Vec<(String, u64)>,
    /// Do not tell what could not be read.
    #[arg(short, long, action = ArgAction::SetTrue)]
    pub(crate) quiet: bool,
}
