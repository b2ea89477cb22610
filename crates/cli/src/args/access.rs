//! The words of `access`.

use clap::{Args as ClapArgs, ValueEnum};

use super::Input;

#[derive(Debug, ClapArgs)]
pub(crate) struct Access {
    /// Who is asked: NAMESPACE/NAME of a Service, HOST or HOST:PORT (`cart.shop`, a whole host name),
    /// pod/NAME.NAMESPACE or ADDRESS [default: every Service, with --from].
    #[arg(long, value_name = "DESTINATION", required_unless_present = "from")]
    pub(crate) to: Option<String>,
    /// The port [default: each that it has].
    #[arg(long, value_name = "PORT", requires = "to")]
    pub(crate) port: Option<u16>,
    /// Who asks: NAMESPACE/NAME of a pod, else of a service account, else of a Deployment or the like;
    /// pod/NAME.NAMESPACE, sa/NAME.NAMESPACE, spiffe://… or `outside` (of the mesh) [default: everybody].
    #[arg(long, value_name = "SOURCE")]
    pub(crate) from: Option<String>,
    /// What external authorizers answer, `allow` or `deny`; without it, that is not known.
    #[arg(long, value_name = "ANSWER")]
    pub(crate) ext_authz: Option<String>,
    /// Text, JSON or Markdown.
    #[arg(short = 'o', long, value_enum, default_value_t = AccessFormat::Text, value_name = "FORMAT")]
    pub(crate) output: AccessFormat,
    #[command(flatten)]
    pub(crate) input: Input,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum AccessFormat {
    Text,
    Json,
    Markdown,
}
