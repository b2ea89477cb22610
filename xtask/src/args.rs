//! The tasks, and what each takes.
#![cfg_attr(not(feature = "parity"), allow(dead_code, reason = "the tasks that read it are left out"))]

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Development tasks of waypoint-xds.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", disable_help_subcommand = true)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) task: Task,
}

/// A task.
#[derive(Debug, Subcommand)]
pub(crate) enum Task {
    /// Compare what ztunnel gets with what the reference has: fails if a case is worse than the committed
    /// score
    Ambient(Scored),
    /// Write docs/reference/python.md and javascript.md, from the packages' signatures and comments
    ///
    /// After `cargo xtask wasm`, which makes the declarations of the npm package.
    Bindings(Check),
    /// Everything that CI runs: format, lints, tests, documentation, parity, packages, generated types
    Ci(Ci),
    /// Write docs/reference/command-line.md, from what the command line says of itself
    Commands(Check),
    /// Which fields, values and flags no golden or reference case has: fails if docs/coverage.md lists less
    Coverage(Update),
    /// Fail if a dependency has a licence that deny.toml does not allow, comes from elsewhere, is banned or
    /// unused
    Deps,
    /// Random meshes and requests, through a real Envoy and through trace: fails if they do not say the same
    /// of one
    ///
    /// In release mode; the same seed draws the same again. With --examples, so many examples of what diff
    /// tells of random changes go through an Envoy of each side: fails if one does something else.
    Differential(Differential),
    /// Random changes of random meshes: fails if requests do not differ exactly where diff says so
    ///
    /// So many pairs of policies are held against a plain enumeration, too. In release mode.
    Diffs(Diffs),
    /// What a release has, in target/dist
    ///
    /// The static program of this machine (or of all) in archives, man pages and completions, the Python
    /// package's sources, the SBOM, manifests, checksums; wheels and the npm package take minutes more.
    Dist(Dist),
    /// Translate every golden case through every door (command line, Python, JavaScript): identical bytes
    Doors,
    /// Make crates/envoy's messages, descriptors and JSON tables again
    ///
    /// From the descriptor set that the envoy-types crate ships and crates/envoy/proto.
    EnvoyTypes(EnvoyTypes),
    /// Test examples/fleet: Spark (which needs Java) and Ray, with the wheel that `python` has built, else a
    /// new one
    Fleet,
    /// Build the fuzz targets (fuzz/README.md) and run each
    Fuzz(Fuzz),
    /// Compare what we generate with testdata/golden
    Golden(Update),
    /// Run the hooks for pre-commit with the real one, from PyPI, in a small repository
    Hooks,
    /// Fail if a module of the core knows one of a later step
    Layers,
    /// Count, with valgrind, the instructions that hostile inputs of growing size take
    ///
    /// Fails if something grows faster than the input.
    Linear(Linear),
    /// Change the code at every place where it can be changed, and tell which changes no case notices
    ///
    /// In one build: each change is behind a switch, and is tried on the cases that reach it.
    Mutants(Mutants),
    /// Score every case of the reference with its compare.py: fails if a case is worse than the committed
    /// score
    Parity(Parity),
    /// Score lint by the pits beside the repository: how many are found, how many valid configurations are
    /// quiet
    ///
    /// Fails if a case is worse than the committed score.
    Pits(Scored),
    /// Build the playground (crates/wasm/playground/build/site) and test it in Chromium
    Playground(Playground),
    /// Build the Python package's wheel, install it in a clean environment, check its types and test it
    Python,
    /// Write docs/rules, a page for each code of what lint says
    Rules(Check),
    /// Make crates/model/schemas from the custom resource definitions of each release
    ///
    /// Where they are beside the repository; and from those extracts what the core is compiled with: the
    /// fields and limits of each kind, and what is newer than a release.
    Schemas(Check),
    /// Write api/, all that users of the libraries can name, from what rustdoc says of them
    Surface(Check),
    /// Build the npm package (crates/wasm/pkg), report its size and test it
    Wasm(Wasm),
    /// Check GitHub's workflows with actionlint (on the path, else installed by Go), and scripts with
    /// shellcheck
    Workflows,
}

/// What `ci` takes.
#[derive(Debug, Args)]
pub(crate) struct Ci {
    /// Pass where the reference is not beside the repository: nothing is compared with it then
    #[arg(long)]
    pub(crate) without_reference: bool,
}

/// Of tasks that write files.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Write nothing; fail if something is stale
    #[arg(long)]
    pub(crate) check: bool,
}

/// Of tasks that compare with committed files.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Write what is committed anew
    #[arg(long)]
    pub(crate) update: bool,
}

/// Of tasks that score cases.
#[derive(Clone, Debug, Args)]
pub(crate) struct Scored {
    /// Only the cases with names like this
    #[arg(long, value_name = "GLOB", default_value = "*")]
    pub(crate) only: String,
    /// How many differences are shown
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) show: usize,
    /// Commit a better score
    #[arg(long)]
    pub(crate) update: bool,
}

/// What `mutants` takes.
#[derive(Debug, Args)]
pub(crate) struct Mutants {
    /// Only files whose paths begin with one of these [default: the plan and the resources]
    pub(crate) paths: Vec<String>,
}

/// What `parity` takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Parity {
    /// The release of Istio, or `all` [default: the latest]
    #[arg(long)]
    pub(crate) release: Option<String>,
    #[command(flatten)]
    pub(crate) scored: Scored,
}

/// What `differential` takes.
#[derive(Debug, Args)]
pub(crate) struct Differential {
    /// How many requests, in all
    #[arg(long, value_name = "N")]
    pub(crate) requests: Option<u64>,
    /// The first number that draws a mesh
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// The release of Istio, or `all` [default: 1.18 and 1.31]
    #[arg(long)]
    pub(crate) release: Option<String>,
    /// How many requests each mesh gets
    #[arg(long, value_name = "N")]
    pub(crate) per_snapshot: Option<u64>,
    /// How many differences are made small
    #[arg(long, value_name = "N")]
    pub(crate) shrunk: Option<u64>,
    /// How many Envoys run at the same time
    #[arg(long, value_name = "N")]
    pub(crate) workers: Option<u64>,
    /// How many examples of diff are sent, instead
    #[arg(long, value_name = "N", conflicts_with_all = ["requests", "release", "per_snapshot", "shrunk", "workers"])]
    pub(crate) examples: Option<u64>,
}

/// What `diffs` takes.
#[derive(Debug, Args)]
pub(crate) struct Diffs {
    /// How many requests, in all
    #[arg(long, value_name = "N")]
    pub(crate) requests: Option<u64>,
    /// How many requests each change gets
    #[arg(long, value_name = "N")]
    pub(crate) per_pair: Option<u64>,
    /// How many changes of policies are enumerated
    #[arg(long, value_name = "N")]
    pub(crate) policies: Option<u64>,
    /// The first number that draws a mesh
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}

/// What `dist` takes.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a flag")]
pub(crate) struct Dist {
    /// For which machines [default: this one]
    #[arg(long, value_name = "MACHINES", value_parser = ["all"])]
    pub(crate) target: Option<String>,
    /// Wheels, too: several minutes each
    #[arg(long)]
    pub(crate) wheels: bool,
    /// The npm package, too: several minutes
    #[arg(long)]
    pub(crate) npm: bool,
    /// All of it, for all machines
    #[arg(long)]
    pub(crate) all: bool,
    /// Install what was made, and try it
    #[arg(long)]
    pub(crate) check: bool,
}

/// What `envoy-types` takes.
#[derive(Debug, Args)]
pub(crate) struct EnvoyTypes {
    /// Write nothing; fail if something is stale
    #[arg(long)]
    pub(crate) check: bool,
    /// The descriptor set, as a file
    #[arg(long, value_name = "FILE")]
    pub(crate) source: Option<PathBuf>,
}

/// What `fuzz` takes.
#[derive(Debug, Args)]
pub(crate) struct Fuzz {
    /// The targets [default: all]
    #[arg(value_name = "TARGET", value_parser = crate::fuzz::TARGETS.map(|(name, ..)| name))]
    pub(crate) targets: Vec<String>,
    /// How long each runs
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) seconds: u64,
    /// Start from the inputs of other tests, too: that takes longer than a short run may
    #[arg(long)]
    pub(crate) testdata: bool,
}

/// What `linear` takes.
#[derive(Debug, Args)]
pub(crate) struct Linear {
    /// The inputs [default: all]
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

/// What `playground` takes.
#[derive(Debug, Args)]
pub(crate) struct Playground {
    /// On the npm package as it was built last
    #[arg(long)]
    pub(crate) no_wasm: bool,
    /// Build it only
    #[arg(long)]
    pub(crate) no_test: bool,
}

/// What `wasm` takes.
#[derive(Debug, Args)]
pub(crate) struct Wasm {
    /// Quicker to build, and larger
    #[arg(long)]
    pub(crate) dev: bool,
    /// Build it only
    #[arg(long)]
    pub(crate) no_test: bool,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::path::Path;

    use clap::Parser as _;
    use clap::error::ErrorKind;

    use super::CommandLine;

    /// The tasks that a page speaks of, in shell blocks and in prose, as they are written.
    fn tasks(markdown: &str) -> Vec<String> {
        let told = markdown.split("cargo xtask ").skip(1);
        told.map(|rest| rest.split(['`', '#', '\n', '[', ';']).next().unwrap().trim().to_owned()).collect()
    }

    /// The Markdown files of a folder, and of those below it that are given.
    fn pages(folder: &Path, below: &[&str], found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && (below.is_empty() || below.contains(&name.as_str())) {
                pages(&path, &[], found);
            } else if name.ends_with(".md") {
                found.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn tasks_of_the_documentation_are_there() {
        let mut all = Vec::new();
        pages(&crate::root(), &["docs"], &mut all);
        all.push(std::fs::read_to_string(crate::root().join("fuzz/README.md")).unwrap());
        let tasks: Vec<String> = all.iter().flat_map(|page| tasks(page)).collect();
        assert!(tasks.len() > 40, "the documentation lost its tasks");
        for task in tasks {
            let words = std::iter::once("cargo xtask").chain(task.split_whitespace());
            match CommandLine::try_parse_from(words) {
                Err(error) if error.kind() != ErrorKind::DisplayHelp => panic!("cargo xtask {task}: {error}"),
                _ => {}
            }
        }
    }
}
