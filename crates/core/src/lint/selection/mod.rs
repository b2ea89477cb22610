//! What of the findings is reported, and how bad each is.

mod selector;
mod suppression;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use selector::{Selector, UnknownSelector};

use super::glob;
use crate::problem::{Code, Group, Problem, Severity};
use crate::snapshot::{Kind, Reading};

/// What of the findings is reported, and how bad each is: by code or group, per file and namespace. It is
/// plain data, for options and for a file of settings.
///
/// What objects and namespaces suppress themselves, by the annotation `waypoint-xds.io/suppress` (codes and
/// groups) or istioctl's `galley.istio.io/analyze-suppress`, is left out too.
///
/// A code is more than its group, and a group is more than `all`: `select = ["security"]` with
/// `ignore = ["http-only-deny"]` reports the rest of the group. Where both say the same, `ignore` counts.
/// What cannot be read is reported whatever is selected, unless it is ignored: the rest may be about less
/// than there is.
///
/// ```
/// use waypoint_xds::lint::Selection;
/// use waypoint_xds::problem::{Code, Severity};
///
/// let selection: Selection = serde_json::from_str(
///     r#"{"select": ["security", "reachability"], "ignore": ["unused-waypoint"], "severity": {"no-waypoint": "error"}}"#,
/// )?;
/// assert!(selection.selects(Code::HttpOnlyDeny) && !selection.selects(Code::UnusedWaypoint));
/// assert_eq!(selection.severity_of(Code::NoWaypoint), Some(Severity::Error));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Selection {
    /// What is reported: everything, where nothing is said.
    pub select: Vec<Selector>,
    /// What is not.
    pub ignore: Vec<Selector>,
    /// How bad something is, other than usual.
    pub severity: BTreeMap<Selector, Severity>,
    /// What is different for some files and namespaces; later ones count more.
    #[serde(rename = "override", alias = "overrides")]
    pub overrides: Vec<Override>,
    /// The folder that relative names of files start from: patterns for files see it, too.
    #[serde(skip)]
    pub folder: String,
}

/// What is different for some files and namespaces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Override {
    /// The files that it is for, as shell patterns that may start at any folder of a path; all, where there
    /// are none.
    pub paths: Vec<String>,
    /// The namespaces that it is for, as shell patterns; all, where there are none.
    pub namespaces: Vec<String>,
    /// What is reported after all.
    pub select: Vec<Selector>,
    /// What is not reported.
    pub ignore: Vec<Selector>,
    /// How bad something is.
    pub severity: BTreeMap<Selector, Severity>,
}

impl Selection {
    /// Whether a code is reported, wherever no [`Override`] says otherwise.
    #[must_use]
    pub fn selects(&self, code: Code) -> bool {
        is_chosen(&self.select, &self.ignore, code)
            .unwrap_or_else(|| self.select.is_empty() || cannot_be_read(code))
    }

    /// How bad a code is, other than usual, wherever no [`Override`] says otherwise.
    #[must_use]
    pub fn severity_of(&self, code: Code) -> Option<Severity> {
        severity_of(&self.severity, code)
    }

    /// The findings that are reported, each as bad as is chosen, in the same order.
    #[must_use]
    pub fn choose(&self, reading: &Reading, found: Vec<Problem>) -> Vec<Problem> {
        let is_reported = |problem: &Problem| {
            let mut overrides = self.overrides_for(problem).rev();
            let is_chosen = overrides.find_map(|other| is_chosen(&other.select, &other.ignore, problem.code));
            is_chosen.unwrap_or_else(|| self.selects(problem.code))
                && !suppression::is_suppressed(reading, problem)
        };
        found.into_iter().filter(is_reported).map(|problem| self.with_severity(problem)).collect()
    }

    fn with_severity(&self, problem: Problem) -> Problem {
        let of_override =
            self.overrides_for(&problem).rev().find_map(|other| severity_of(&other.severity, problem.code));
        let severity = of_override.or_else(|| self.severity_of(problem.code)).unwrap_or(problem.severity);
        problem.severity(severity)
    }

    fn overrides_for(&self, problem: &Problem) -> impl DoubleEndedIterator<Item = &Override> {
        let file = problem.place.as_ref().map(|place| self.path(&place.file));
        let namespace = namespace(problem);
        self.overrides.iter().filter(move |other| {
            let of_file =
                |pattern: &String| file.as_ref().is_some_and(|file| glob::matches_path(pattern, file));
            let of_namespace = |pattern: &String| {
                namespace.as_ref().is_some_and(|namespace| glob::matches(pattern, namespace))
            };
            (other.paths.is_empty() || other.paths.iter().any(of_file))
                && (other.namespaces.is_empty() || other.namespaces.iter().any(of_namespace))
        })
    }

    /// A file's path, as far as it is known.
    fn path(&self, name: &str) -> String {
        let is_whole = self.folder.is_empty() || name.starts_with(['/', '\\']) || name.contains(':');
        if is_whole { name.to_owned() } else { format!("{}/{}", self.folder, name.trim_start_matches("./")) }
    }
}

/// The namespace that a finding is about.
fn namespace(problem: &Problem) -> Option<String> {
    let object = problem.object.as_ref()?;
    let name = if object.kind == Kind::Namespace { &object.name } else { &object.namespace };
    Some(name.to_string()).filter(|name| !name.is_empty())
}

/// Whether a code is for what cannot be read: the API server or Istio refuses it. An object with an unknown
/// field is read without that.
fn cannot_be_read(code: Code) -> bool {
    code.group() == Group::Input && code.severity() == Severity::Error && code != Code::UnknownField
}

/// Whether a code is chosen or not, where something is said of it: what is nearer to it counts more.
fn is_chosen(select: &[Selector], ignore: &[Selector], code: Code) -> Option<bool> {
    let nearness =
        |selectors: &[Selector]| selectors.iter().filter_map(|selector| selector.nearness(code)).max();
    match (nearness(select), nearness(ignore)) {
        (None, None) => None,
        (selected, ignored) => Some(selected > ignored),
    }
}

/// The severity that something nearest to a code says.
fn severity_of(severities: &BTreeMap<Selector, Severity>, code: Code) -> Option<Severity> {
    let near =
        severities.iter().filter_map(|(selector, severity)| Some((selector.nearness(code)?, *severity)));
    near.max_by_key(|(nearness, _)| *nearness).map(|(_, severity)| severity)
}

#[cfg(test)]
mod tests;
