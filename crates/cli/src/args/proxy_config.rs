//! The words of `proxy-config`.

use clap::{Args as ClapArgs, ValueEnum};

use super::{Input, TableFormat, Which};

#[derive(Debug, ClapArgs)]
pub(crate) struct ProxyConfig {
    /// Which resources.
    #[arg(value_enum)]
    pub(crate) what: What,
    #[command(flatten)]
    pub(crate) which: Which,
    /// Table, JSON or YAML.
    #[arg(short = 'o', long, value_enum, default_value_t = TableFormat::Table, value_name = "FORMAT")]
    pub(crate) output: TableFormat,
    /// Listeners: the very table of the release's istioctl. That of 1.29 and later leaves internal listeners
    /// and chains without names.
    #[arg(long)]
    pub(crate) istioctl: bool,
    /// Everything: with a title above each table.
    #[arg(long)]
    pub(crate) with_headers: bool,
    #[command(flatten)]
    pub(crate) filter: Filter,
    #[command(flatten)]
    pub(crate) input: Input,
}

/// istioctl's filters: each narrows the kinds that it applies to.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct Filter {
    /// Clusters: part of the service's name.
    #[arg(long)]
    pub(crate) fqdn: Option<String>,
    /// Clusters, listeners, endpoints: the port.
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=65_535))]
    pub(crate) port: Option<u32>,
    /// Clusters: part of the subset's name.
    #[arg(long)]
    pub(crate) subset: Option<String>,
    /// Clusters: inbound, outbound or inbound-vip.
    #[arg(long, value_parser = ["inbound", "outbound", "inbound-vip"])]
    pub(crate) direction: Option<String>,
    /// Routes: the route configuration's name.
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Listeners, endpoints: the address.
    #[arg(long)]
    pub(crate) address: Option<String>,
    /// Endpoints: the cluster's name.
    #[arg(long)]
    pub(crate) cluster: Option<String>,
    /// Listeners: HTTP, TCP or HTTP+TCP.
    #[arg(long = "type", ignore_case = true, value_parser = ["HTTP", "TCP", "HTTP+TCP", "UNKNOWN"])]
    pub(crate) listener_type: Option<String>,
    /// Endpoints: the health status.
    #[arg(long, ignore_case = true, value_parser = ["HEALTHY", "UNHEALTHY", "DRAINING", "TIMEOUT", "DEGRADED"])]
    pub(crate) status: Option<String>,
}

impl Filter {
    /// The filters that are given.
    fn given(&self) -> impl Iterator<Item = &'static str> {
        [
            ("fqdn", self.fqdn.is_some()),
            ("port", self.port.is_some()),
            ("subset", self.subset.is_some()),
            ("direction", self.direction.is_some()),
            ("name", self.name.is_some()),
            ("address", self.address.is_some()),
            ("cluster", self.cluster.is_some()),
            ("type", self.listener_type.is_some()),
            ("status", self.status.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, given)| given.then_some(name))
    }

    /// The first filter that is given and says nothing about what is asked for, or for whoever asks for one
    /// document of all.
    pub(crate) fn stray(&self, what: What, output: TableFormat) -> Option<&'static str> {
        let known: &[&str] = match what {
            What::Clusters => &["fqdn", "port", "subset", "direction"],
            What::Listeners => &["address", "port", "type"],
            What::Routes => &["name"],
            What::Endpoints => &["address", "port", "cluster", "status"],
            What::Secret | What::Ecds | What::Bootstrap => &[],
            What::All if matches!(output, TableFormat::Json | TableFormat::Yaml) => &[],
            What::All => return None,
        };
        self.given().find(|name| !known.contains(name))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum What {
    #[value(alias = "listener", alias = "l")]
    Listeners,
    #[value(alias = "cluster", alias = "c")]
    Clusters,
    #[value(alias = "route", alias = "r")]
    Routes,
    #[value(alias = "endpoint", alias = "ep")]
    Endpoints,
    /// The configurations of extensions that come by name.
    #[value(alias = "extensions")]
    Ecds,
    /// Certificates that the proxy holds or, of a snapshot, waits for.
    #[value(alias = "secrets", alias = "s")]
    Secret,
    /// What the proxy started with.
    #[value(alias = "b")]
    Bootstrap,
    /// Everything, in istioctl's tables, with the versions that the bootstrap tells; as JSON or YAML a config
    /// dump, which -f reads again.
    #[value(alias = "a")]
    All,
}
