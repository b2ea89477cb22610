//! Files of tests, each with the snapshot that it is about.

use std::collections::BTreeMap;

use super::Session;
use crate::expect::{self, Case, Suite};
use crate::problem::{Code, Problem};
use crate::text::SourceFile;
use crate::view::tested::{Report, Test};

/// Files of tests, each with the snapshot that it is about.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Suites {
    /// The documents, each with the snapshot and the files that it adds to it.
    pub suites: Vec<(Suite, Session)>,
    /// What is wrong with the files.
    pub problems: Vec<Problem>,
}

impl Session {
    /// Reads files of tests. `read` gives the files that they add to the snapshot, by their path from the
    /// folder of the file that names them, or says why it cannot.
    #[must_use]
    pub fn suites(
        &self,
        files: &[SourceFile],
        read: &dyn Fn(&str) -> Result<Vec<SourceFile>, String>,
    ) -> Suites {
        let mut sessions: BTreeMap<Vec<String>, Self> = BTreeMap::new();
        sessions.insert(Vec::new(), self.clone());
        let mut all = Suites::default();
        for file in files {
            let reading = expect::read(file, &self.mesh().options.limits);
            all.problems.extend(reading.problems);
            for suite in reading.suites {
                let paths = suite.setup_paths();
                let session = match sessions.get(&paths) {
                    Some(session) => Ok(session.clone()),
                    None => self.with_setup(&suite, &paths, read),
                };
                match session {
                    Ok(session) => {
                        sessions.insert(paths, session.clone());
                        all.suites.push((suite, session));
                    }
                    Err(problems) => all.problems.extend(problems),
                }
            }
        }
        all
    }

    /// The snapshot with the files that a suite adds to it.
    fn with_setup(
        &self,
        suite: &Suite,
        paths: &[String],
        read: &dyn Fn(&str) -> Result<Vec<SourceFile>, String>,
    ) -> Result<Self, Vec<Problem>> {
        let (mut sources, mut problems) = (Vec::new(), Vec::new());
        for (path, setup) in paths.iter().zip(&suite.setup) {
            match read(path) {
                Ok(found) => sources.extend(found),
                Err(error) => {
                    problems
                        .push(Problem::new(Code::InvalidValue, error).at(setup.place.clone()).field("setup"));
                }
            }
        }
        let files = self.input().files.iter().cloned().chain(sources);
        if problems.is_empty() { Ok(Self::read(files, &self.mesh().options)) } else { Err(problems) }
    }
}

impl Suites {
    /// Every case, in the order of the files, with its snapshot.
    pub fn cases(&self) -> impl Iterator<Item = (&Suite, &Case, &Session)> {
        self.suites
            .iter()
            .flat_map(|(suite, session)| suite.cases.iter().map(move |case| (suite, case, session)))
    }

    /// Keeps cases whose name has any of these texts in it; all without one.
    pub fn keep(&mut self, texts: &[String]) {
        let is_kept = |case: &Case| texts.is_empty() || texts.iter().any(|text| case.name.contains(text));
        self.suites.iter_mut().for_each(|(suite, _)| suite.cases.retain(is_kept));
    }

    /// Runs every case, one after the other.
    #[must_use]
    pub fn run(&self) -> Report {
        let tests: Vec<Test> = self.cases().map(|(suite, case, session)| session.test(suite, case)).collect();
        Report::new(tests, self.problems.clone())
    }
}
