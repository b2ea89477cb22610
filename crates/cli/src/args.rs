//! The command line's words.

mod lint;
mod test;
mod trace;
mod ztunnel;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use waypoint_xds::cost::Rule;
use waypoint_xds::dialect::Dialect;
use waypoint_xds::options::{Assume, Readiness, Validation};
use waypoint_xds::release::Release;

pub(crate) use lint::{Lint, LintFormat};
pub(crate) use test::{CoverageArgs, Test, TestFormat};
pub(crate) use trace::{Token, Trace, TraceFormat};
pub(crate) use ztunnel::{ZtunnelConfig, ZtunnelWhat};

/// What Istio would send each ambient waypoint: from YAML to Envoy's configuration, without a cluster.
#[derive(Debug, Parser)]
#[command(name = "waypoint-xds", version, max_term_width = 110)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Generate the Envoy resources of every waypoint.
    #[command(
        after_help = "Examples:\n  waypoint-xds translate -f deploy/ --out resources/\n  kubectl get … -o yaml | waypoint-xds translate -f - -o yaml"
    )]
    Translate(Translate),
    /// Print a waypoint's resources as `istioctl proxy-config` does.
    ///
    /// Instead of a snapshot, -f also takes the config dump of a live proxy, as `istioctl proxy-config all -o json`
    /// and Envoy's /config_dump?include_eds print it.
    #[command(visible_alias = "pc")]
    #[command(
        after_help = "Examples:\n  waypoint-xds pc clusters waypoint.shop -f deploy/\n  waypoint-xds pc routes -f dump.json"
    )]
    ProxyConfig(ProxyConfig),
    /// Print what ztunnels get, as `istioctl ztunnel-config` does.
    ///
    /// Instead of a snapshot, -f also takes the config dump of a live ztunnel, as `istioctl ztunnel-config all -o json`
    /// and ztunnel's /config_dump print it.
    #[command(visible_alias = "zc")]
    #[command(
        after_help = "Examples:\n  waypoint-xds zc workload -f deploy/ --workload-namespace shop\n  waypoint-xds zc all -f ztunnel-dump.json"
    )]
    ZtunnelConfig(ZtunnelConfig),
    /// Print what a waypoint's Envoy starts with.
    #[command(
        after_help = "Examples:\n  waypoint-xds bootstrap waypoint.shop -f deploy/ --static --dialect envoy --loopback"
    )]
    Bootstrap(Bootstrap),
    /// List waypoints, and make the objects around one.
    Waypoint {
        #[command(subcommand)]
        command: WaypointCommand,
    },
    /// Print every condition that Istio would write into the objects' statuses.
    ///
    /// Which waypoint each Service, ServiceEntry and WorkloadEntry uses, who enforces each AuthorizationPolicy, what
    /// becomes of each parent of a route, and of each Gateway and its listeners.
    #[command(after_help = "Examples:\n  waypoint-xds status -f deploy/ -o wide")]
    Status(Status),
    /// Find what is accepted and does not do what it looks like: policies that nobody enforces, routes that never match,
    /// waypoints that are bypassed.
    ///
    /// What is reported can be chosen by code and by group (`waypoint-xds explain` lists them), here and in a file
    /// `waypoint-xds.toml` in a folder of the first input or above it. An object or a namespace suppresses what is said
    /// of it by the annotation `waypoint-xds.io/suppress: CODE,GROUP`; istioctl's `galley.istio.io/analyze-suppress`
    /// counts, too.
    #[command(
        after_help = "Examples:\n  waypoint-xds lint -f deploy/\n  waypoint-xds lint -f deploy/ --select security -o sarif > lint.sarif\n  waypoint-xds lint -f deploy/ --diff"
    )]
    Lint(Box<Lint>),
    /// Tell all about one object: which waypoint serves it and why, who goes past it, what is enforced where, how it is
    /// routed, and what is wrong.
    #[command(
        after_help = "Examples:\n  waypoint-xds describe service cart.shop -f deploy/\n  waypoint-xds describe policy readers -n shop -f deploy/ -o json"
    )]
    Describe(Describe),
    /// Tell what comes of one request, who decides, where it goes, and which line says so.
    ///
    /// It goes through what would be generated: the client's ztunnel, the waypoint's chains, filters and routes, its clusters, and
    /// the destination's ztunnel. The exit code is 0 where it gets through, 1 where not, 3 where files do not tell.
    ///
    /// -f also takes the config dump of a live waypoint, as `istioctl proxy-config all -o json` and Envoy's
    /// /config_dump?include_eds print it, alone or beside a snapshot.
    #[command(
        after_help = "Examples:\n  waypoint-xds trace -f deploy/ --from shop/web --to cart.shop:80 --method POST --path /items\n  waypoint-xds trace -f deploy/ --from shop/web --curl 'curl -H \"canary: 1\" http://cart.shop/items'\n  waypoint-xds trace sa/web.shop cart.shop --issuer https://id.example --claim sub=anna --explain-all -f deploy/"
    )]
    Trace(Box<Trace>),
    /// Run tests: requests, and what is expected of them.
    ///
    /// A file of tests is YAML that says `apiVersion: waypoint-xds.io/v1` and `kind: MeshTest`; it may stand among the objects
    /// of the input. The exit code is 0 where all pass, 1 where one fails, 2 where a file of tests cannot be read, or there is
    /// none.
    #[command(
        after_help = "Examples:\n  waypoint-xds test -f deploy/\n  waypoint-xds test tests/ -f deploy/ -o junit > report.xml\n  waypoint-xds test -f deploy/ --coverage --min-coverage 80"
    )]
    Test(Box<Test>),
    /// Compare what sidecars and waypoints would have to be told, per namespace and in total.
    ///
    /// A configuration is what a proxy has to know of one Service. `--rule namespace` lets every sidecar hold its own
    /// namespace's: the table of the article (12,500 against 100: 0.8 %). `--rule mesh` lets it hold the whole mesh's,
    /// as Istio does by default: the article's small example (16 against 4: 25 %).
    #[command(after_help = "Examples:\n  waypoint-xds cost -f deploy/ --rule mesh")]
    Cost(Cost),
    /// Explain a problem's code: what it means, how bad it is, a wrong and a right example.
    Explain {
        /// The code, as printed in brackets; without one, a table of all codes.
        code: Option<String>,
    },
    /// Print a completion script for a shell.
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// What is read, and as which release.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Input, release and problems")]
pub(crate) struct Input {
    /// A file, a directory, `-` for standard input, `helm:DIR` or `kustomize:DIR`; several may be given. Of a directory the
    /// .yaml, .yml and .json files that may hold objects are read, recursively, without those that .gitignore names.
    #[arg(short = 'f', long = "filename", required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// Files of a directory to leave out: a pattern as in .gitignore; may be given several times.
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Take an input without any object as it is; otherwise it is an error (exit code 2).
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// MeshConfig as YAML: fields are merged over the release's defaults and the snapshot's.
    #[arg(long, value_name = "FILE")]
    pub(crate) mesh_config: Option<PathBuf>,
    /// The release of Istio to speak for, or a patch of it (`1.30.2`); `auto` is what the snapshot's images tell, else
    /// the newest.
    #[arg(long, default_value_t = Release::LATEST.to_string(), value_name = "RELEASE")]
    pub(crate) release: String,
    /// Whether waypoints without status addresses (as in files from Git) count as ready.
    #[arg(long, value_enum, default_value_t = ReadinessArg::Assumed, value_name = "HOW")]
    pub(crate) readiness: ReadinessArg,
    /// What is assumed of objects that were never applied to a cluster, as in files from Git: addresses of Services, the Pods
    /// of Deployments and the like, Namespaces.
    #[arg(long, value_enum, default_value_t = AssumeArg::All, value_name = "WHAT")]
    pub(crate) assume: AssumeArg,
    /// A feature flag of the control plane, by its name in Istio; may be given several times.
    #[arg(long = "feature", value_name = "NAME=VALUE")]
    pub(crate) features: Vec<String>,
    /// Which Envoy is spoken to: Istio's own build, or an upstream one, which lacks Istio's extensions.
    #[arg(long, value_enum, default_value_t = DialectArg::IstioProxy, value_name = "DIALECT")]
    pub(crate) dialect: DialectArg,
    /// What is said of fields that no release of an API has: as kubectl's option of this name.
    #[arg(long, value_enum, default_value_t = ValidateArg::Strict, value_name = "HOW")]
    pub(crate) validate: ValidateArg,
    /// When colours are used: `auto` is on a terminal, unless NO_COLOR is set; CLICOLOR_FORCE and FORCE_COLOR count too.
    #[arg(long, value_enum, default_value_t = ColorArg::Auto, value_name = "WHEN")]
    pub(crate) color: ColorArg,
    /// Count warnings as problems (exit code 1).
    #[arg(long)]
    pub(crate) strict: bool,
    /// How problems are printed (to standard error).
    #[arg(long, value_enum, default_value_t = ProblemFormat::Full, value_name = "FORMAT")]
    pub(crate) problems: ProblemFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorArg {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AssumeArg {
    /// All of it; notes tell what was assumed.
    All,
    /// Nothing: the files are taken as what a cluster has.
    Nothing,
}

impl From<AssumeArg> for Assume {
    fn from(assume: AssumeArg) -> Self {
        match assume {
            AssumeArg::All => Self::All,
            AssumeArg::Nothing => Self::Nothing,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReadinessArg {
    /// Every waypoint is ready; a note says where this was assumed.
    Assumed,
    /// Only the status decides, as in Istio.
    Observed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ValidateArg {
    /// They are errors.
    Strict,
    /// They are warned of.
    Warn,
    /// Nothing.
    Ignore,
}

impl From<ValidateArg> for Validation {
    fn from(validate: ValidateArg) -> Self {
        match validate {
            ValidateArg::Strict => Self::Strict,
            ValidateArg::Warn => Self::Warn,
            ValidateArg::Ignore => Self::Ignore,
        }
    }
}

impl From<DialectArg> for Dialect {
    fn from(dialect: DialectArg) -> Self {
        match dialect {
            DialectArg::IstioProxy => Self::IstioProxy,
            DialectArg::Envoy => Self::Envoy,
        }
    }
}

impl From<ReadinessArg> for Readiness {
    fn from(readiness: ReadinessArg) -> Self {
        match readiness {
            ReadinessArg::Assumed => Self::Assumed,
            ReadinessArg::Observed => Self::Observed,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DialectArg {
    /// Exactly what Istio sends its own proxy.
    IstioProxy,
    /// The same behaviour for an upstream Envoy; what has no equivalent is a problem.
    Envoy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProblemFormat {
    /// With the source line underlined.
    Full,
    /// One line each.
    Concise,
    /// A JSON array.
    Json,
    /// GitHub workflow commands.
    Github,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Translate {
    /// Only this waypoint: NAMESPACE/NAME of its Gateway.
    #[arg(long, value_name = "NS/NAME")]
    pub(crate) waypoint: Option<String>,
    /// Write one folder per waypoint, `<namespace>__<gateway>/{listeners,clusters,routes,endpoints}.json`.
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    pub(crate) out: Option<PathBuf>,
    /// Also tell which objects, on which lines, made each resource, filter chain and route: `origins.json` next to the
    /// resources, or alone on standard output without --out.
    #[arg(long)]
    pub(crate) origins: bool,
    /// What to print without --out.
    #[arg(short = 'o', long, value_enum, default_value_t = TranslateFormat::Json, value_name = "FORMAT")]
    pub(crate) output: TranslateFormat,
    #[command(flatten)]
    pub(crate) input: Input,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TranslateFormat {
    /// One object: waypoint → kind → resources.
    Json,
    /// The same as YAML.
    Yaml,
    /// Envoy's admin ConfigDump (one waypoint only).
    ConfigDump,
}

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
    /// Listeners: name the internal ones, which istioctl prints without an address.
    #[arg(long)]
    pub(crate) waypoint_names: bool,
    #[command(flatten)]
    pub(crate) filter: Filter,
    #[command(flatten)]
    pub(crate) input: Input,
}

/// Which waypoint is meant; may be left out where there is only one.
#[derive(Debug, ClapArgs)]
pub(crate) struct Which {
    /// The waypoint, as istioctl names a proxy: NAME or NAME.NAMESPACE of its Gateway.
    #[arg(value_name = "WAYPOINT")]
    pub(crate) proxy: Option<String>,
    /// The waypoint's namespace.
    #[arg(short = 'n', long, requires = "proxy")]
    pub(crate) namespace: Option<String>,
    /// The waypoint: NAMESPACE/NAME of its Gateway.
    #[arg(long, value_name = "NS/NAME", conflicts_with = "proxy")]
    pub(crate) waypoint: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Bootstrap {
    #[command(flatten)]
    pub(crate) which: Which,
    /// With all of its resources, so that it needs no control plane: what `envoy -c` runs. Goes with --dialect envoy,
    /// unless the Envoy is Istio's.
    #[arg(long = "static")]
    pub(crate) complete: bool,
    /// Where Envoy finds cert-chain.pem, key.pem and root-cert.pem.
    #[arg(long, value_name = "DIR", requires = "complete")]
    pub(crate) certs: Option<String>,
    /// Where the admin interface listens [default: 127.0.0.1:15000].
    #[arg(long, value_name = "ADDR", requires = "complete")]
    pub(crate) admin: Option<SocketAddr>,
    /// Where the waypoint takes tunnels [default: as in a cluster, port 15008; on 127.0.0.1 with --loopback].
    #[arg(long, value_name = "ADDR", requires = "complete")]
    pub(crate) listen: Option<SocketAddr>,
    /// Turn the addresses of pods into ones of 127.0.0.0/8 (10.244.1.6 into 127.244.1.6), so that nothing leaves this
    /// machine; standard error tells which became which. Addresses of Services stay.
    #[arg(long, requires = "complete")]
    pub(crate) loopback: bool,
    /// JSON or YAML.
    #[arg(short = 'o', long, value_enum, default_value_t = ValueFormat::Json, value_name = "FORMAT")]
    pub(crate) output: ValueFormat,
    #[command(flatten)]
    pub(crate) input: Input,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ValueFormat {
    Json,
    Yaml,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WaypointCommand {
    /// List the waypoints of a snapshot: what each is for, how much it serves, and its problems.
    List(WaypointList),
    /// Print the Gateway that asks for a waypoint, as `istioctl waypoint generate` of the release does.
    Generate(WaypointGenerate),
    /// Print the ServiceAccount, Deployment and Service that Istio makes for a waypoint.
    Manifests(WaypointManifests),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct WaypointList {
    /// Only waypoints of this namespace.
    #[arg(short = 'n', long)]
    pub(crate) namespace: Option<String>,
    /// Table or JSON.
    #[arg(short = 'o', long, value_enum, default_value_t = CostFormat::Table, value_name = "FORMAT")]
    pub(crate) output: CostFormat,
    #[command(flatten)]
    pub(crate) input: Input,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct WaypointGenerate {
    /// The release of Istio to speak for.
    #[arg(long, default_value_t = Release::default(), value_name = "RELEASE")]
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

#[derive(Debug, ClapArgs)]
pub(crate) struct Status {
    /// A table, the conditions as a JSON array, the objects with their statuses as YAML, or with `wide` a table that
    /// also tells which fields decided each condition.
    #[arg(short = 'o', long, value_enum, default_value_t = TableFormat::Table, value_name = "FORMAT")]
    pub(crate) output: TableFormat,
    #[command(flatten)]
    pub(crate) input: Input,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Describe {
    /// What sort of thing: service, pod, waypoint, policy or route.
    #[arg(value_name = "KIND", value_parser = ["service", "pod", "waypoint", "policy", "route"])]
    pub(crate) kind: String,
    /// Its name, or NAME.NAMESPACE.
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Its namespace.
    #[arg(short = 'n', long)]
    pub(crate) namespace: Option<String>,
    /// Text or JSON.
    #[arg(short = 'o', long, value_enum, default_value_t = DescribeFormat::Text, value_name = "FORMAT")]
    pub(crate) output: DescribeFormat,
    #[command(flatten)]
    pub(crate) input: Input,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DescribeFormat {
    Text,
    Json,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Cost {
    /// What a sidecar holds: `namespace` or `mesh`.
    #[arg(long, default_value_t = Rule::default(), value_name = "RULE")]
    pub(crate) rule: Rule,
    /// Replicas of a waypoint that has no pods in the snapshot [default: 2 for namespace, 1 for mesh].
    #[arg(long, value_name = "N")]
    pub(crate) waypoint_replicas: Option<u64>,
    /// Table or JSON.
    #[arg(short = 'o', long, value_enum, default_value_t = CostFormat::Table, value_name = "FORMAT")]
    pub(crate) output: CostFormat,
    #[command(flatten)]
    pub(crate) input: Input,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CostFormat {
    Table,
    Json,
}

/// istioctl's filters: each narrows the kinds that it applies to.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(crate) struct Filter {
    /// Clusters: part of the service's name.
    #[arg(long)]
    pub(crate) fqdn: Option<String>,
    /// Clusters, listeners, endpoints: the port.
    #[arg(long)]
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
    #[arg(long = "type")]
    pub(crate) listener_type: Option<String>,
    /// Endpoints: the health status.
    #[arg(long)]
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

    /// The first filter that is given and says nothing about what is asked for.
    pub(crate) fn stray(&self, what: What) -> Option<&'static str> {
        let known: &[&str] = match what {
            What::Clusters => &["fqdn", "port", "subset", "direction"],
            What::Listeners => &["address", "port", "type"],
            What::Routes => &["name"],
            What::Endpoints => &["address", "port", "cluster", "status"],
            What::Bootstrap => &[],
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
    /// What the proxy started with.
    #[value(alias = "b")]
    Bootstrap,
    /// Everything but the bootstrap.
    #[value(alias = "a")]
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// istioctl's columns, where it has such a table. `short` is istioctl's name for it.
    #[value(alias = "short")]
    Table,
    /// The same with the objects that made each row, and internal listeners' names.
    Wide,
    Json,
    Yaml,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn no_two_arguments_have_one_name() {
        super::Args::command().debug_assert();
    }
}
