//! The command line's words.

mod access;
mod diff;
mod input;
mod lint;
mod proxy_config;
mod snapshot;
mod test;
mod trace;
mod waypoint;
mod ztunnel;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::engine::ArgValueCandidates;
use waypoint_xds::cost::Rule;

use crate::completion;

pub(crate) use access::{Access, AccessFormat};
pub(crate) use diff::{Diff, DiffFormat, Part};
pub(crate) use input::{ColorArg, How, Input, ProblemFormat, SHARED};
pub(crate) use lint::{Lint, LintFormat};
pub(crate) use proxy_config::{Filter, ProxyConfig, What};
pub(crate) use snapshot::Snapshot;
pub(crate) use test::{CoverageArgs, Test, TestFormat};
pub(crate) use trace::{Token, Trace, TraceFormat};
pub(crate) use waypoint::{ListFormat, WaypointCommand, WaypointGenerate, WaypointList, WaypointManifests};
pub(crate) use ztunnel::{ZtunnelConfig, ZtunnelWhat};

/// What Istio would send each ambient waypoint: from YAML to Envoy's configuration, without a cluster.
#[derive(Debug, Parser)]
#[command(
    name = "waypoint-xds",
    version,
    max_term_width = 110,
    after_help = "Examples:\n  waypoint-xds lint -f deploy/\n  waypoint-xds trace -f deploy/ --from shop/web --to cart.shop:80\n  waypoint-xds diff --git main.. deploy/"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Generate the Envoy resources of every waypoint.
    #[command(
        after_help = "Examples:\n  waypoint-xds translate -f deploy/ --out resources/\n  waypoint-xds translate -f deploy/ --out resources/ --watch\n  kubectl get … -o yaml | waypoint-xds translate -f - -o yaml"
    )]
    Translate(Translate),
    /// Print a waypoint's resources as `istioctl proxy-config` does.
    ///
    /// Instead of a snapshot, -f also takes the config dump of a live proxy, as
    /// `istioctl proxy-config all -o json` and Envoy's /config_dump?include_eds print it.
    #[command(visible_alias = "pc")]
    #[command(
        after_help = "Examples:\n  waypoint-xds pc clusters waypoint.shop -f deploy/\n  waypoint-xds pc routes -f dump.json"
    )]
    ProxyConfig(ProxyConfig),
    /// Print what ztunnels get, as `istioctl ztunnel-config` does.
    ///
    /// Instead of a snapshot, -f also takes the config dump of a live ztunnel, as
    /// `istioctl ztunnel-config all -o json` and ztunnel's /config_dump print it.
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
    #[command(
        after_help = "Examples:\n  waypoint-xds waypoint list -f deploy/\n  waypoint-xds waypoint generate -n shop | kubectl apply -f -"
    )]
    Waypoint {
        #[command(subcommand)]
        command: WaypointCommand,
    },
    /// Print every condition that Istio would write into the objects' statuses.
    ///
    /// Which waypoint each Service, ServiceEntry and WorkloadEntry uses, who enforces each
    /// AuthorizationPolicy, what becomes of each parent of a route, and of each Gateway and its listeners.
    #[command(after_help = "Examples:\n  waypoint-xds status -f deploy/ -o wide")]
    Status(Status),
    /// Copy the objects of a cluster that are read into a file, by `kubectl get`.
    ///
    /// Every kind that is read is asked for, and no other; Secrets never are. A kind that the cluster does
    /// not know is passed over, and one that may not be listed is told. `-f cluster:CONTEXT` of the other
    /// commands does the same in one go.
    #[command(
        after_help = "Examples:\n  waypoint-xds snapshot -o snapshot.yaml\n  waypoint-xds snapshot --context prod -n shop web -o shop.yaml\n  waypoint-xds snapshot --print-command > snapshot.sh; sh snapshot.sh > snapshot.yaml"
    )]
    Snapshot(Snapshot),
    /// Find what is accepted and does not do what it looks like: policies that nobody enforces, routes that
    /// never match, waypoints that are bypassed.
    ///
    /// What is reported can be chosen by code and by group (`waypoint-xds explain` lists them), here and in a
    /// file `waypoint-xds.toml` in a folder of the first input or above it. An object or a namespace
    /// suppresses what is said of it by the annotation `waypoint-xds.io/suppress: CODE,GROUP`; istioctl's
    /// `galley.istio.io/analyze-suppress` counts, too.
    #[command(
        after_help = "Examples:\n  waypoint-xds lint -f deploy/\n  waypoint-xds lint -f deploy/ --select security -o sarif > lint.sarif\n  waypoint-xds lint -f deploy/ --diff"
    )]
    Lint(Box<Lint>),
    /// Tell all about one object: which waypoint serves it and why, who goes past it, what is enforced where,
    /// how it is routed, and what is wrong.
    #[command(
        after_help = "Examples:\n  waypoint-xds describe service cart.shop -f deploy/\n  waypoint-xds describe policy readers -n shop -f deploy/ -o json"
    )]
    Describe(Describe),
    /// Tell what comes of one request, who decides, where it goes, and which line says so.
    ///
    /// It goes through what would be generated: the client's ztunnel, the waypoint's chains, filters and
    /// routes, its clusters, and the destination's ztunnel. The exit code is 0 where it gets through, 1 where
    /// not or where an object of the input was refused, 3 where files do not tell.
    ///
    /// -f also takes the config dump of a live waypoint, as `istioctl proxy-config all -o json` and Envoy's
    /// /config_dump?include_eds print it, alone or beside a snapshot.
    #[command(
        after_help = "Examples:\n  waypoint-xds trace -f deploy/ --from shop/web --to cart.shop:80 --method POST --path /items\n  waypoint-xds trace -f deploy/ --from shop/web --curl 'curl -H \"canary: 1\" http://cart.shop/items'\n  waypoint-xds trace sa/web.shop cart.shop --issuer https://id.example --claim sub=anna --explain-all -f deploy/"
    )]
    Trace(Box<Trace>),
    /// Run tests: requests, and what is expected of them.
    ///
    /// A file of tests is YAML that says `apiVersion: waypoint-xds.io/v1` and `kind: MeshTest`; it may stand
    /// among the objects of the input. The exit code is 0 where all pass, 1 where one fails or an object of
    /// the input is refused, 2 where a file of tests cannot be read, or there is none.
    #[command(
        after_help = "Examples:\n  waypoint-xds test -f deploy/\n  waypoint-xds test tests/ -f deploy/ -o junit > report.xml\n  waypoint-xds test -f deploy/ --coverage --min-coverage 80"
    )]
    Test(Box<Test>),
    /// Tell what a change changes: for requests, proved or with an example; for each waypoint's resources;
    /// for findings and statuses.
    ///
    /// Two inputs are compared, two revisions of a Git repository, or one input under two settings: what an
    /// upgrade of Istio changes, say. For each destination the classes of requests are told of which
    /// something else comes, each with an example and the lines that decide it before and after; or that
    /// nothing differs, which is proved then. The exit code is 1 where an object of the new side is refused.
    #[command(
        after_help = "Examples:\n  waypoint-xds diff old/ new/\n  waypoint-xds diff --git main..HEAD deploy/ -o markdown\n  waypoint-xds diff deploy/ --release 1.30..1.31 --only requests"
    )]
    Diff(Box<Diff>),
    /// Tell who may do what: the fewest rows that say it, exactly.
    ///
    /// For each way to a destination (through its waypoint, past it, from outside of the mesh): which
    /// requests are allowed, denied or answered, by which rule on which line, and where they go. Of the rows
    /// of a way the first that a request is in counts; each request is in one. --from tells what one client
    /// may do, of one destination or of all.
    #[command(
        after_help = "Examples:\n  waypoint-xds access --to shop/cart --port 80 -f deploy/\n  waypoint-xds access --from shop/web -f deploy/ -o markdown"
    )]
    Access(Box<Access>),
    /// Compare what sidecars and waypoints would have to be told, per namespace and in total.
    ///
    /// A configuration is what a proxy has to know of one Service. `--rule namespace` lets every sidecar hold
    /// its own namespace's: the table of the article (12,500 against 100: 0.8 %). `--rule mesh` lets it hold
    /// the whole mesh's, as Istio does by default: the article's small example (16 against 4: 25 %).
    #[command(
        after_help = "Examples:\n  waypoint-xds cost -f deploy/ --rule mesh\n  waypoint-xds cost -f deploy/ -o svg > cost.svg"
    )]
    Cost(Cost),
    /// Explain a problem's code: what it means, how bad it is, a wrong and a right example.
    #[command(after_help = "Examples:\n  waypoint-xds explain\n  waypoint-xds explain policy-at-ztunnel")]
    Explain {
        /// The code, as printed in brackets; without one, a table of all codes.
        #[arg(add = ArgValueCandidates::new(completion::codes))]
        code: Option<String>,
    },
    /// Print a completion script for a shell.
    ///
    /// It makes the shell ask this program, which completes names of waypoints, too, once -f stands on the
    /// line.
    #[command(
        after_help = "Examples:\n  source <(waypoint-xds completion bash)\n  waypoint-xds completion fish > ~/.config/fish/completions/waypoint-xds.fish"
    )]
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write man pages into a directory.
    #[command(hide = true)]
    Man {
        /// The directory.
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
    /// Print the page of the command line in the documentation.
    #[command(hide = true)]
    Reference,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Translate {
    /// Only this waypoint: NAMESPACE/NAME or NAME.NAMESPACE of its Gateway.
    #[arg(long, value_name = "NS/NAME", add = ArgValueCandidates::new(completion::gateways))]
    pub(crate) waypoint: Option<String>,
    /// Write one folder per waypoint, `<namespace>__<gateway>/{listeners,clusters,routes,endpoints}.json`.
    #[arg(long, value_name = "DIR", conflicts_with = "output")]
    pub(crate) out: Option<PathBuf>,
    /// Also tell which objects, on which lines, made each resource, filter chain and route: `origins.json`
    /// next to the resources, or alone on standard output without --out.
    #[arg(long)]
    pub(crate) origins: bool,
    /// Run again whenever a file changes.
    #[arg(long)]
    pub(crate) watch: bool,
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

/// Which waypoint is meant; may be left out where there is only one.
#[derive(Debug, ClapArgs)]
pub(crate) struct Which {
    /// The waypoint, as istioctl names a proxy: NAME or NAME.NAMESPACE of its Gateway.
    #[arg(value_name = "WAYPOINT", add = ArgValueCandidates::new(completion::proxies))]
    pub(crate) proxy: Option<String>,
    /// The waypoint's namespace.
    #[arg(short = 'n', long, requires = "proxy")]
    pub(crate) namespace: Option<String>,
    /// The waypoint: NAMESPACE/NAME or NAME.NAMESPACE of its Gateway.
    #[arg(long, value_name = "NS/NAME", conflicts_with = "proxy", add = ArgValueCandidates::new(completion::gateways))]
    pub(crate) waypoint: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Bootstrap {
    #[command(flatten)]
    pub(crate) which: Which,
    /// With all of its resources, so that it needs no control plane: what `envoy -c` runs. Goes with
    /// --dialect envoy, unless the Envoy is Istio's.
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
    /// Turn the addresses of pods into ones of 127.0.0.0/8 (10.244.1.6 into 127.244.1.6), so that nothing
    /// leaves this machine; standard error tells which became which. Addresses of Services stay.
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

#[derive(Debug, ClapArgs)]
pub(crate) struct Status {
    /// A table, the conditions as a JSON array, the objects with their statuses as YAML, or with `wide` a
    /// table that also tells which fields decided each condition.
    #[arg(short = 'o', long, value_enum, default_value_t = TableFormat::Table, value_name = "FORMAT")]
    pub(crate) output: TableFormat,
    /// Run again whenever a file changes.
    #[arg(long)]
    pub(crate) watch: bool,
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
    /// Run again whenever a file changes.
    #[arg(long)]
    pub(crate) watch: bool,
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
    /// Table, JSON, or a picture.
    #[arg(short = 'o', long, value_enum, default_value_t = CostFormat::Table, value_name = "FORMAT")]
    pub(crate) output: CostFormat,
    #[command(flatten)]
    pub(crate) input: Input,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CostFormat {
    Table,
    Json,
    /// A picture: proxies with the configurations that each holds.
    Svg,
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

    use super::*;

    #[test]
    fn no_two_arguments_have_one_name() {
        Args::command().debug_assert();
    }

    /// Every command that is told about, with the words before it.
    fn all(command: &clap::Command, before: &str) -> Vec<(String, clap::Command)> {
        let name = format!("{before}{}", command.get_name());
        let shown = command.get_subcommands().filter(|command| !command.is_hide_set());
        let below = shown.flat_map(|command| all(command, &format!("{name} "))).collect::<Vec<_>>();
        std::iter::once((name.clone(), command.clone())).chain(below).collect()
    }

    /// The words that the program gets of a line that a shell reads.
    fn words(line: &str) -> Vec<String> {
        let (_, rest) = line.split_once("waypoint-xds ").expect("the program is named");
        let is_end = |word: &String| matches!(word.as_str(), "|" | ">");
        let words = shlex::split(&format!("waypoint-xds {rest}")).expect("quotes match");
        words
            .into_iter()
            .take_while(|word| !is_end(word))
            .map(|word| word.trim_end_matches([';', ')']).to_owned())
            .collect()
    }

    #[test]
    fn every_help_has_examples_that_are_taken() {
        let all = all(&Args::command(), "");
        assert!(all.len() > 15, "{}", all.len());
        for (name, command) in all {
            let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let lines =
                examples.strip_prefix("Examples:\n").unwrap_or_else(|| panic!("{name} has no examples"));
            for line in lines.lines() {
                let words = words(line);
                let parsed = Args::try_parse_from(&words);
                assert!(parsed.is_ok(), "{name}: {line}: {}", parsed.unwrap_err());
                let mut called = command.get_visible_aliases().chain([command.get_name()]);
                assert!(called.any(|called| words.iter().any(|word| word == called)), "{name}: {line}");
            }
        }
    }
}
