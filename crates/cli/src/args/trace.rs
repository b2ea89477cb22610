//! The words of `trace`.

use std::net::IpAddr;

use clap::{Args as ClapArgs, ValueEnum};
use clap_complete::engine::ArgValueCandidates;

use super::{DescribeFormat, Input};
use crate::completion;

#[derive(Debug, ClapArgs)]
pub(crate) struct Trace {
    /// Who asks: pod/NAME.NAMESPACE, sa/NAME.NAMESPACE (any pod of that service account), spiffe://… or `outside` (of the
    /// mesh).
    #[arg(value_name = "SOURCE")]
    pub(crate) source: String,
    /// Who is asked: HOST or HOST:PORT (`cart`, `cart.shop`, a whole host name), pod/NAME.NAMESPACE:PORT or ADDRESS:PORT.
    #[arg(value_name = "DESTINATION")]
    pub(crate) destination: String,
    #[command(flatten)]
    pub(crate) asked: Asked,
    /// Tell the way: every filter, every route before the one that fits, every rule that does not.
    #[arg(long)]
    pub(crate) explain: bool,
    /// Text or JSON.
    #[arg(short = 'o', long, value_enum, default_value_t = DescribeFormat::Text, value_name = "FORMAT")]
    pub(crate) output: DescribeFormat,
    #[command(flatten)]
    pub(crate) input: Input,
}

/// What is asked.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Request")]
pub(crate) struct Asked {
    /// What is spoken: http, h2, grpc, tcp, tls or tls:SERVER-NAME.
    #[arg(long, default_value = "http", value_name = "PROTOCOL")]
    pub(crate) protocol: String,
    /// The method [default: GET, POST for gRPC].
    #[arg(long, value_name = "METHOD")]
    pub(crate) method: Option<String>,
    /// The path, with the query.
    #[arg(long, default_value = "/", value_name = "PATH")]
    pub(crate) path: String,
    /// `Host` or `:authority` [default: the destination as it is named].
    #[arg(long, value_name = "HOST")]
    pub(crate) authority: Option<String>,
    /// A header; may be given several times.
    #[arg(long = "header", value_name = "NAME=VALUE")]
    pub(crate) headers: Vec<String>,
    /// A claim of a token that counts as verified; a value in JSON is taken as such. May be given several times.
    #[arg(long = "claim", value_name = "NAME=VALUE")]
    pub(crate) claims: Vec<String>,
    /// The issuer of that token.
    #[arg(long, value_name = "ISSUER")]
    pub(crate) issuer: Option<String>,
    /// What an external authorizer answers; without it, that is not known.
    #[arg(long, value_enum, value_name = "ANSWER")]
    pub(crate) ext_authz: Option<Answer>,
    /// The address that is asked from [default: the pod's].
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) source_ip: Option<IpAddr>,
    /// Go through this waypoint, whatever the client's ztunnel would do.
    #[arg(long, value_name = "NS/NAME", add = ArgValueCandidates::new(completion::gateways))]
    pub(crate) waypoint: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Answer {
    Allow,
    Deny,
}
