//! The `waypoint-xds` command line: reads files, asks the library, prints, sets the exit code. It decides
//! nothing.
#![forbid(unsafe_code)]

mod args;
mod commands;
mod completion;
mod curl;
mod input;
mod output;
mod progress;

use std::process::ExitCode;

use clap::Parser;

/// A translation allocates much, in small pieces: this allocator takes a good part off it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How a run ended, as the exit code tells it. Where it ended in two ways, the later one here counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// 0: nothing wrong.
    Clean,
    /// 1: there were problems in the input; everything else was translated. Of a request: it does not get
    /// through.
    Problems,
    /// 3: files do not tell.
    Unknown,
    /// 2: a file of tests cannot be read.
    Broken,
}

/// What stops a run: exit code 2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The command line asks for something that isn't there.
    #[error("{0}")]
    Usage(String),
    /// An option that is none.
    #[error(transparent)]
    Settings(#[from] waypoint_xds::options::SettingsError),
    /// There is nothing to look at.
    #[error(
        "no Kubernetes object in {paths} ({files} files read: .yaml, .yml and .json ones with an apiVersion \
         and a kind); --allow-empty takes that as it is"
    )]
    Empty {
        /// What was to be read.
        paths: String,
        /// How many files were.
        files: usize,
    },
    /// There is nothing that counts.
    #[error(
        "no object in {paths} is of a kind that is read ({objects}): a mesh is made of Services, \
         Deployments, Gateways, policies and the like; --allow-empty takes that as it is"
    )]
    Ignored {
        /// What was to be read.
        paths: String,
        /// How many objects of which kinds there are.
        objects: String,
    },
    /// There is no test.
    #[error(
        "no test found: a file of tests says `apiVersion: waypoint-xds.io/v1` and `kind: MeshTest`; \
         --allow-empty takes that as it is"
    )]
    NoTests,
    /// Changes of files cannot be watched.
    #[error("changes cannot be watched: {0}")]
    Watch(#[from] notify::Error),
    /// A result that is no JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] files::FileError),
}

/// What stands before the reason why a run stopped, as clap has it before what is wrong with a command line.
pub(crate) const ERROR: &str = "error";

fn main() -> ExitCode {
    completion::answer();
    let args = args::Args::parse();
    match commands::run(&args) {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Problems) => ExitCode::from(1),
        Ok(Outcome::Broken) => ExitCode::from(2),
        Ok(Outcome::Unknown) => ExitCode::from(3),
        Err(failure) => {
            output::say(&format!("{ERROR}: {failure}\n"));
            ExitCode::from(2)
        }
    }
}
