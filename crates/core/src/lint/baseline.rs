//! Baselines: the findings of an earlier day, so that only new ones are reported.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fingerprint;
use crate::problem::Problem;

/// Findings that are known already.
///
/// A finding is known by its fingerprint: by code, object, field and message, not by where it stands. Of as
/// many equal findings as the baseline has none is reported, of more those behind.
///
/// ```
/// use waypoint_xds::lint::Baseline;
/// use waypoint_xds::problem::{Code, Problem};
///
/// let old = [Problem::new(Code::MethodCase, "no request has the method `get`")];
/// let baseline: Baseline = Baseline::of(&old).to_string().parse()?;
///
/// let new = Problem::new(Code::MethodCase, "no request has the method `post`");
/// let found = vec![old[0].clone(), new.clone()];
/// assert_eq!(baseline.new_ones(found), [new]);
/// # Ok::<(), waypoint_xds::lint::BaselineError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: Vec<Entry>,
}

/// A finding that is known. Only the fingerprint is read; the rest is for people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Entry {
    #[serde(default)]
    code: String,
    #[serde(default)]
    object: String,
    #[serde(default)]
    field: String,
    #[serde(default)]
    message: String,
    fingerprint: String,
}

/// A text that is no baseline.
#[derive(Debug, thiserror::Error)]
#[error("not a baseline: {0}")]
pub struct BaselineError(#[from] serde_json::Error);

impl Baseline {
    /// The baseline that has these findings.
    #[must_use]
    pub fn of(found: &[Problem]) -> Self {
        let entry = |problem: &Problem| Entry {
            code: problem.code.to_string(),
            object: problem.object.as_ref().map(ToString::to_string).unwrap_or_default(),
            field: problem.field.clone(),
            message: problem.message.clone(),
            fingerprint: fingerprint(problem),
        };
        let mut entries: Vec<Entry> = found.iter().map(entry).collect();
        entries.sort();
        Self { entries }
    }

    /// Those of the findings that it does not have.
    #[must_use]
    pub fn new_ones(&self, found: Vec<Problem>) -> Vec<Problem> {
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in &self.entries {
            *known.entry(&entry.fingerprint).or_default() += 1;
        }
        let mut is_new = |problem: &Problem| match known.get_mut(fingerprint(problem).as_str()) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        };
        found.into_iter().filter(|problem| is_new(problem)).collect()
    }
}

/// A JSON array, one finding a line, sorted.
impl std::fmt::Display for Baseline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lines: Vec<String> =
            self.entries.iter().filter_map(|entry| serde_json::to_string(entry).ok()).collect();
        if lines.is_empty() { f.write_str("[]\n") } else { writeln!(f, "[\n{}\n]", lines.join(",\n")) }
    }
}

impl std::str::FromStr for Baseline {
    type Err = BaselineError;

    fn from_str(text: &str) -> Result<Self, BaselineError> {
        Ok(Self { entries: serde_json::from_str(text)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;
    use crate::text::{SourceFile, Span};

    fn problem(message: &str) -> Problem {
        Problem::new(Code::MethodCase, message)
    }

    #[test]
    fn equal_findings_are_counted() {
        let baseline = Baseline::of(&[problem("a"), problem("a"), problem("b")]);
        let found = vec![problem("a"), problem("b"), problem("a"), problem("a"), problem("c")];
        assert_eq!(baseline.new_ones(found), [problem("a"), problem("c")]);
        assert_eq!(Baseline::default().new_ones(vec![problem("a")]), [problem("a")]);
    }

    #[test]
    fn a_finding_is_the_same_wherever_it_stands() {
        let file = SourceFile::new("new.yaml", "a\nb\n");
        let baseline = Baseline::of(&[problem("a")]);
        let moved = problem("a").on(None).at(file.place(Span { start: 2, end: 3 }));
        assert_eq!(baseline.new_ones(vec![moved.clone()]), [moved], "without an object the file counts");
    }

    #[test]
    fn the_text_is_sorted_and_leads_back() {
        let baseline = Baseline::of(&[problem("b"), problem("a")]);
        let text = baseline.to_string();
        assert_eq!(text.lines().count(), 4);
        assert!(text.find("\"a\"") < text.find("\"b\""));
        assert_eq!(text.parse::<Baseline>().unwrap(), baseline);
        assert_eq!("[]\n".parse::<Baseline>().unwrap().to_string(), "[]\n");
        assert!("{}".parse::<Baseline>().is_err());
    }
}
