//! `waypoint-xds completion` and the man pages: what a package of the program has beside it.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Args;
use crate::{Failure, Outcome, completion, input, output};

pub(super) fn run(shell: Shell) -> Result<Outcome, Failure> {
    output::print(&completion::script(shell)?)?;
    Ok(Outcome::Clean)
}

/// Writes a page for the program and one for each command.
pub(super) fn man(directory: &Path) -> Result<Outcome, Failure> {
    std::fs::create_dir_all(directory).map_err(|error| input::failed(directory, error))?;
    // Pages are for what is told about: not for what only packages need.
    let command = Args::command().mut_subcommand("man", |man| man.hide(true));
    clap_mangen::generate_to(command, directory).map_err(|error| input::failed(directory, error))?;
    Ok(Outcome::Clean)
}
