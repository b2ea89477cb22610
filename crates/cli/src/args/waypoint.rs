//! The words of `waypoint`.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCandidates;
use waypoint_xds::release::Release;

use super::{Input, Which};
use crate::completion;

#[derive(Debug, Subcommand)]
pub(crate) enum WaypointCommand {
    /// List the waypoints of a snapshot: what each is for, how much it serves, and its problems.
    #[command(after_help = "Examples:\n  waypoint-xds waypoint list -f deploy/")]
    List(WaypointList),
    /// Print the Gateway that asks for a waypoint, as `istioctl waypoint generate` of the release does.
    #[command(
        after_help = "Examples:\n  waypoint-xds waypoint generate -n shop | kubectl apply -f -\n  waypoint-xds waypoint generate -n shop --name gate --for workload"
    )]
    Generate(WaypointGenerate),
    /// Print the ServiceAccount, Deployment and Service that Istio makes for a waypoint, with its parameters.
    #[command(after_help = "Examples:\n  waypoint-xds waypoint manifests waypoint.shop -f deploy/")]
    Manifests(WaypointManifests),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct WaypointList {
    /// Only waypoints of this namespace.
    #[arg(short = 'n', long)]
    pub(crate) namespace: Option<String>,
    /// Table or JSON.
    #[arg(short = 'o', long, value_enum, default_value_t = ListFormat::Table, value_name = "FORMAT")]
    pub(crate) output: ListFormat,
    #[command(flatten)]
    pub(crate) input: Input,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ListFormat {
    Table,
    Json,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct WaypointGenerate {
    /// The release of Istio to translate for.
    #[arg(long, default_value_t = Release::default(), value_name = "RELEASE", add = ArgValueCandidates::new(completion::releases))]
    pub(crate) release: Release,
    /// The Gateway's name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The Gateway's namespace.
    #[arg(short = 'n', long)]
    pub(crate) namespace: Option<String>,
    /// The service account that it is for (in 1.18).
    #[arg(short = 's', long, value_name = "NAME")]
    pub(crate) service_account: Option<String>,
    /// The traffic that it is for (since 1.29): all, none, service or workload.
    #[arg(long = "for", value_name = "TYPE")]
    pub(crate) traffic: Option<String>,
    /// The revision of the control plane that runs it.
    #[arg(short = 'r', long)]
    pub(crate) revision: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct WaypointManifests {
    #[command(flatten)]
    pub(crate) which: Which,
    #[command(flatten)]
    pub(crate) input: Input,
}
