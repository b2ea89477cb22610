//! What every command that reads a snapshot takes.

use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs, ValueEnum};
use clap_complete::engine::ArgValueCandidates;
use files::Cluster;
use waypoint_xds::dialect::Dialect;
use waypoint_xds::limits::Limits;
use waypoint_xds::options::{Assume, Readiness, SettingsError, Validation};
use waypoint_xds::release::Release;

use crate::{completion, output};

/// The heading of the options that commands share, behind a command's own.
pub(crate) const SHARED: &str = "Input, release and problems";

/// What is read, and as which release.
#[derive(Debug, ClapArgs)]
#[command(next_help_heading = SHARED)]
pub(crate) struct Input {
    /// A file, a directory, `-` for standard input, `helm:DIR`, `kustomize:DIR`, `git:REVISION:PATH`, or
    /// `cluster:CONTEXT` for what `waypoint-xds snapshot` copies; several may be given. Of a directory the
    /// .yaml, .yml and .json files that may hold objects are read, recursively, without those that .gitignore
    /// names. Files may be packed (.gz, .zst), and archives of files (.tar, .tar.gz) are read as directories:
    /// istioctl's bug-report, say. `east=PATH` is what is in cluster east: the first cluster is the control
    /// plane's own, of others what runs there counts.
    #[arg(short = 'f', long = "filename", required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) how: How,
}

/// How it is read, as which release, and how problems are told.
#[derive(Clone, Debug, ClapArgs)]
#[command(next_help_heading = SHARED)]
pub(crate) struct How {
    /// Files of a directory to leave out: a pattern as in .gitignore; may be given several times.
    #[arg(long, value_name = "GLOB")]
    pub(crate) exclude: Vec<String>,
    /// Take an input without any object as it is; otherwise it is an error (exit code 2).
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// Values of Istio's Helm charts, those of `istiod` or of a chart that depends on it: their `meshConfig`
    /// is merged over the release's defaults and the snapshot's, and their feature flags count.
    #[arg(long, value_name = "FILE")]
    pub(crate) helm_values: Option<PathBuf>,
    /// MeshConfig as YAML: fields are merged over the release's defaults and the snapshot's.
    #[arg(long, value_name = "FILE")]
    pub(crate) mesh_config: Option<PathBuf>,
    /// The revision of the control plane (`istio.io/rev`): its settings count, and what it reads; `default`
    /// is that without a name [default: what is of any revision, with the settings of the default one].
    #[arg(long, value_name = "REVISION")]
    pub(crate) revision: Option<String>,
    #[arg(long, help = releases(), value_name = "RELEASE", add = ArgValueCandidates::new(completion::releases))]
    pub(crate) release: Option<String>,
    /// Whether waypoints without status addresses (as in files from Git) count as ready [default: assumed].
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) readiness: Option<ReadinessArg>,
    /// What is assumed of objects that were never applied to a cluster, as in files from Git: addresses of
    /// Services, the Pods of Deployments and the like, Namespaces [default: all].
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) assume: Option<AssumeArg>,
    /// A feature flag of the control plane, by its name in Istio; may be given several times.
    #[arg(long = "feature", value_name = "NAME=VALUE", add = ArgValueCandidates::new(completion::features))]
    pub(crate) features: Vec<String>,
    /// Which Envoy is spoken to: Istio's own build, or an upstream one, which lacks Istio's extensions
    /// [default: istio-proxy].
    #[arg(long, value_enum, value_name = "DIALECT")]
    pub(crate) dialect: Option<DialectArg>,
    /// What is said of fields that no release of an API has: as kubectl's option of this name [default:
    /// strict].
    #[arg(long, value_enum, value_name = "HOW")]
    pub(crate) validate: Option<ValidateArg>,
    /// How large the input may be: bytes (of a file), depth (of nesting), values (of a document), aliases
    /// (values that may come of them, for each that is written) or problems (that are kept); may be given
    /// several times.
    #[arg(long = "limit", value_name = "NAME=N", value_parser = limit, add = ArgValueCandidates::new(completion::limits))]
    pub(crate) limits: Vec<(String, u64)>,
    /// When colours are used: `auto` is on a terminal, unless NO_COLOR is set; CLICOLOR_FORCE and FORCE_COLOR
    /// count too.
    #[arg(long, value_enum, default_value_t = ColorArg::Auto, value_name = "WHEN")]
    pub(crate) color: ColorArg,
    /// Count warnings as problems (exit code 1).
    #[arg(long)]
    pub(crate) strict: bool,
    /// How problems are printed (to standard error) [default: full].
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) problems: Option<ProblemFormat>,
    /// Of what goes to standard error print errors only; twice: nothing.
    #[arg(short, long, action = ArgAction::Count)]
    pub(crate) quiet: u8,
}

impl Input {
    /// The release that is spoken for: a cluster's is its own, unless somebody says otherwise.
    pub(crate) fn release(&self) -> String {
        let is_cluster = self.paths.iter().any(|path| Cluster::parse(path).is_some());
        let usual = if is_cluster { AUTO.to_owned() } else { Release::LATEST.to_string() };
        self.how.release.clone().unwrap_or(usual)
    }
}

/// The release that the snapshot's images tell.
const AUTO: &str = "auto";

/// What `--release` takes.
fn releases() -> String {
    let all: Vec<&str> = Release::ALL.iter().map(|release| release.as_str()).collect();
    format!(
        "The release of Istio to translate for: {}, or a patch of one (`1.30.2`); `{AUTO}` is what the \
         snapshot's images tell, else the newest [default: {}, of a cluster {AUTO}]",
        all.join(", "),
        Release::LATEST
    )
}

impl How {
    /// The first option that is given and says how objects are read.
    pub(crate) fn of_objects(&self) -> Option<&'static str> {
        let given = [
            ("--helm-values", self.helm_values.is_some()),
            ("--mesh-config", self.mesh_config.is_some()),
            ("--revision", self.revision.is_some()),
            ("--readiness", self.readiness.is_some()),
            ("--assume", self.assume.is_some()),
            ("--feature", !self.features.is_empty()),
            ("--dialect", self.dialect.is_some()),
            ("--validate", self.validate.is_some()),
        ];
        given.into_iter().find_map(|(name, is_given)| is_given.then_some(name))
    }

    /// The option for the dialect, if it is given.
    pub(crate) fn of_dialect(&self) -> Option<&'static str> {
        self.dialect.map(|_| "--dialect")
    }

    /// Says something on standard error that is no problem of the input, unless nobody wants to hear it.
    pub(crate) fn note(&self, text: &str) {
        if self.quiet == 0 {
            output::say(&format!("{text}\n"));
        }
    }

    /// How large the input may be.
    pub(crate) fn limits(&self) -> Result<Limits, SettingsError> {
        Ok(Limits::with(&self.limits.iter().cloned().collect())?)
    }
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

pub(super) fn limit(text: &str) -> Result<(String, u64), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=N")?;
    let value = value.parse().map_err(|_| format!("expected a whole number, found `{value}`"))?;
    Ok((name.to_owned(), value))
}
