//! The words of `trace`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use clap_complete::engine::ArgValueCandidates;

use super::Input;
use crate::completion;

#[derive(Debug, ClapArgs)]
pub(crate) struct Trace {
    /// Who asks, as --from.
    #[arg(value_name = "SOURCE", conflicts_with = "from")]
    pub(crate) source: Option<String>,
    /// Who is asked, as --to.
    #[arg(value_name = "DESTINATION", conflicts_with = "to")]
    pub(crate) destination: Option<String>,
    #[command(flatten)]
    pub(crate) asked: Asked,
    #[command(flatten)]
    pub(crate) token: Token,
    /// Also tell what did not match: every route before the one that fits, every rule of every policy.
    #[arg(long, alias = "explain")]
    pub(crate) explain_all: bool,
    /// Text, JSON or YAML.
    #[arg(short = 'o', long, value_enum, default_value_t = TraceFormat::Text, value_name = "FORMAT")]
    pub(crate) output: TraceFormat,
    /// Run again whenever a file changes.
    #[arg(long)]
    pub(crate) watch: bool,
    #[command(flatten)]
    pub(crate) input: Input,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TraceFormat {
    Text,
    Json,
    Yaml,
}

/// What is asked.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Request")]
pub(crate) struct Asked {
    /// Who asks: NAMESPACE/NAME of a pod, else of a service account, else of a Deployment or the like;
    /// pod/NAME.NAMESPACE, sa/NAME.NAMESPACE (any pod of that service account), spiffe://… or `outside` (of
    /// the mesh).
    #[arg(long, value_name = "SOURCE")]
    pub(crate) from: Option<String>,
    /// Who is asked: HOST or HOST:PORT (`cart`, `cart.shop`, a whole host name), pod/NAME.NAMESPACE:PORT or
    /// ADDRESS:PORT.
    #[arg(long, value_name = "DESTINATION")]
    pub(crate) to: Option<String>,
    /// How it gets there: `ztunnel`, `sidecar`, `ingress` (a gateway), or NAMESPACE/NAME of the waypoint that
    /// it is given to [default: as the client's pod says].
    #[arg(long, value_name = "WAY", visible_alias = "waypoint", add = ArgValueCandidates::new(completion::gateways))]
    pub(crate) via: Option<String>,
    /// A command line of curl that says what is asked; other options win.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) curl: Option<String>,
    /// What is spoken: http, h2, grpc, tcp, tls or tls:SERVER-NAME [default: http].
    #[arg(long, value_name = "PROTOCOL")]
    pub(crate) protocol: Option<String>,
    /// The method [default: GET, POST for gRPC].
    #[arg(short = 'X', long, value_name = "METHOD")]
    pub(crate) method: Option<String>,
    /// The path, with the query [default: /].
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<String>,
    /// `Host` or `:authority` [default: the destination as it is named].
    #[arg(long, value_name = "HOST", alias = "authority")]
    pub(crate) host: Option<String>,
    /// A header, as `name: value` or NAME=VALUE; may be given several times.
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    pub(crate) headers: Vec<String>,
    /// The server name of the application's own TLS.
    #[arg(long, value_name = "NAME")]
    pub(crate) sni: Option<String>,
    /// A protocol that the application's own TLS offers; may be given several times.
    #[arg(long, value_name = "PROTOCOL")]
    pub(crate) alpn: Vec<String>,
    /// What an external authorizer answers, `allow` or `deny`; without it, that is not known.
    #[arg(long, value_name = "ANSWER")]
    pub(crate) ext_authz: Option<String>,
    /// The address that is asked from [default: the pod's].
    #[arg(long, value_name = "ADDRESS", alias = "source-ip")]
    pub(crate) source_address: Option<String>,
    /// Any number or text: picks one of what may come of the request by chance, the same text the same.
    #[arg(long, value_name = "SEED")]
    pub(crate) seed: Option<String>,
}

/// The token that is sent.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Token")]
pub(crate) struct Token {
    /// The claims of a token that counts as verified, a JSON object; `-` is standard input.
    #[arg(long = "claims", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// A claim of that token; a value in JSON is taken as such. May be given several times.
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    pub(crate) claims: Vec<String>,
    /// The issuer of that token.
    #[arg(long, value_name = "ISSUER")]
    pub(crate) issuer: Option<String>,
    /// A token that counts as verified: neither its signature nor its times are looked at.
    #[arg(long, value_name = "TOKEN", conflicts_with_all = ["file", "claims", "issuer"])]
    pub(crate) jwt: Option<String>,
}
