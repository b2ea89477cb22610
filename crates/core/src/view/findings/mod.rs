//! Findings as other programs read them, and their count.

mod checkstyle;
mod gitlab;
mod junit;
mod sarif;
mod uri;

use std::collections::BTreeSet;

use crate::problem::{Problem, Severity};
use crate::text::SourceFile;
use crate::view::words::counted;

pub use checkstyle::checkstyle;
pub use gitlab::gitlab;
pub use junit::junit;
pub use sarif::sarif;

/// What a report is about: the findings, and the files that were looked at.
#[derive(Clone, Copy, Debug)]
pub struct Report<'r> {
    /// The findings, in the order of the text.
    pub found: &'r [Problem],
    /// The files, those in which nothing was found too.
    pub files: &'r [&'r SourceFile],
    /// The folder that names of files are told from: what starts with it is told without it, as programs
    /// expect it that know a repository's files by their paths in it. Empty where names are told as they are.
    pub folder: &'r str,
}

impl<'r> Report<'r> {
    /// The path of a file from the folder on, with `/` between its parts.
    fn path(&self, name: &str) -> String {
        let name = name.replace('\\', "/");
        let folder = self.folder.replace('\\', "/");
        let below = name.strip_prefix(folder.trim_end_matches('/')).and_then(|rest| rest.strip_prefix('/'));
        let relative = below.filter(|_| !folder.is_empty()).unwrap_or(&name);
        relative.trim_start_matches("./").to_owned()
    }

    /// The file that a finding is told in: its own, else the first one. Programs want a file and a line for
    /// everything.
    fn file_of(&self, problem: &'r Problem) -> &'r str {
        let first = || self.files.first().map_or("", |file| file.name().as_str());
        problem.place.as_ref().map_or_else(first, |place| &place.file)
    }
}

/// How many findings of each severity there are, and in how many files.
///
/// ```
/// use waypoint_xds::problem::{Code, Problem, Severity};
/// use waypoint_xds::view::findings::summary;
///
/// let found = [Problem::new(Code::MethodCase, "a"), Problem::new(Code::WrongType, "b"), Problem::new(Code::WrongType, "c")];
/// assert_eq!(summary(&found, 3), "2 errors, 1 warning in 3 files");
/// assert_eq!(summary(&[], 1), "nothing found in 1 file");
/// ```
#[must_use]
pub fn summary(found: &[Problem], files: usize) -> String {
    let of = |severity: Severity| found.iter().filter(|problem| problem.severity == severity).count();
    let all = [Severity::Error, Severity::Warning, Severity::Note].map(|severity| (of(severity), severity));
    let counts: Vec<String> = all
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, severity)| counted(count, severity.as_str()))
        .collect();
    let counts = if counts.is_empty() { "nothing found".to_owned() } else { counts.join(", ") };
    let of_files: BTreeSet<&str> =
        found.iter().filter_map(|problem| Some(problem.place.as_ref()?.file.as_str())).collect();
    let files = if of_files.is_empty() { files } else { of_files.len() };
    format!("{counts} in {}", counted(files, "file"))
}

/// What a finding says, with what to do about it.
fn with_help(problem: &Problem) -> String {
    let help = problem.help.iter().map(|help| format!("\n{help}"));
    std::iter::once(problem.message.clone()).chain(help).collect()
}

#[cfg(test)]
mod tests;
