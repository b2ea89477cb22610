//! The words of `ztunnel-config`.

use clap::{Args as ClapArgs, ValueEnum};

use super::{Input, TableFormat};

#[derive(Debug, ClapArgs)]
pub(crate) struct ZtunnelConfig {
    /// Which resources.
    #[arg(value_enum)]
    pub(crate) what: ZtunnelWhat,
    /// Workloads: only the one of this name, NAME or NAME.NAMESPACE.
    pub(crate) name: Option<String>,
    /// Table, JSON or YAML.
    #[arg(short = 'o', long, value_enum, default_value_t = TableFormat::Table, value_name = "FORMAT")]
    pub(crate) output: TableFormat,
    /// All: print a header above each table.
    #[arg(long)]
    pub(crate) with_headers: bool,
    /// Workloads: the namespace.
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) workload_namespace: Option<String>,
    /// Workloads: the node.
    #[arg(long, alias = "node", value_name = "NODE")]
    pub(crate) workload_node: Option<String>,
    /// Workloads: one of the addresses.
    #[arg(long)]
    pub(crate) address: Option<String>,
    /// Services: the namespace.
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) service_namespace: Option<String>,
    /// Policies: the namespace.
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) policy_namespace: Option<String>,
    #[command(flatten)]
    pub(crate) input: Input,
}

impl ZtunnelConfig {
    /// The first word that is given and says nothing about what is asked for.
    pub(crate) fn stray(&self) -> Option<&'static str> {
        let given = [
            ("NAME", self.name.is_some(), ZtunnelWhat::Workload),
            ("--workload-namespace", self.workload_namespace.is_some(), ZtunnelWhat::Workload),
            ("--workload-node", self.workload_node.is_some(), ZtunnelWhat::Workload),
            ("--address", self.address.is_some(), ZtunnelWhat::Workload),
            ("--service-namespace", self.service_namespace.is_some(), ZtunnelWhat::Service),
            ("--policy-namespace", self.policy_namespace.is_some(), ZtunnelWhat::Policy),
            ("--with-headers", self.with_headers, ZtunnelWhat::All),
        ];
        let stray = given.into_iter().find(|(_, is_given, about)| *is_given && *about != self.what);
        stray.map(|(word, ..)| word)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ZtunnelWhat {
    #[value(alias = "workloads", alias = "w")]
    Workload,
    #[value(alias = "services", alias = "s", alias = "svc")]
    Service,
    #[value(alias = "policies", alias = "p", alias = "pol")]
    Policy,
    /// Everything.
    #[value(alias = "a")]
    All,
}
