//! What is wrong with an input, and where.

use std::fmt;

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use waypoint_xds::problem::{self, Code, UnknownCode};
use waypoint_xds::snapshot::{self, Kind};
use waypoint_xds::view::diagnostics;

use crate::fix::{Fix, Related};
use crate::{Reduced, error, html};

/// A stretch of a file. Lines and columns count from 1, columns in characters; the end is behind the last
/// character.
#[pyclass(frozen, eq, ord, hash, from_py_object, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(pub(crate) problem::Place);

impl From<problem::Place> for Place {
    fn from(place: problem::Place) -> Self {
        Self(place)
    }
}

#[pymethods]
impl Place {
    /// The file's name, as the caller gave it.
    #[getter]
    fn file(&self) -> &str {
        &self.0.file
    }

    /// Line of the first character.
    #[getter]
    fn line(&self) -> u32 {
        self.0.line
    }

    /// Column of the first character.
    #[getter]
    fn column(&self) -> u32 {
        self.0.column
    }

    /// Line behind the last character.
    #[getter]
    fn end_line(&self) -> u32 {
        self.0.end_line
    }

    /// Column behind the last character.
    #[getter]
    fn end_column(&self) -> u32 {
        self.0.end_column
    }

    /// Byte offset of the first character in the file's UTF-8.
    #[getter]
    fn start(&self) -> u32 {
        self.0.start
    }

    /// Byte offset behind the last character.
    #[getter]
    fn end(&self) -> u32 {
        self.0.end
    }

    /// A place of these parts, in the order of the fields.
    #[staticmethod]
    #[pyo3(name = "_of")]
    fn of(parts: PlaceParts) -> Self {
        let (file, line, column, end_line, end_column, start, end) = parts;
        Self(problem::Place { file: file.into(), line, column, end_line, end_column, start, end })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (PlaceParts,)> {
        let place = slf.get().0.clone();
        let problem::Place { file, line, column, end_line, end_column, start, end } = place;
        let parts = (file.to_string(), line, column, end_line, end_column, start, end);
        Ok((slf.getattr("_of")?, (parts,)))
    }

    fn __str__(&self) -> String {
        self.to_string()
    }

    fn _repr_html_(&self) -> String {
        html::text(&self.to_string())
    }

    fn __repr__(&self) -> String {
        format!("<Place {self}>")
    }
}

/// As an editor opens it: `shop.yaml:12:3`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.0.file, self.0.line, self.0.column)
    }
}

/// What a [`Place`] is pickled as.
type PlaceParts = (String, u32, u32, u32, u32, u32, u32);

/// An object's identity within a snapshot.
#[pyclass(frozen, eq, ord, hash, from_py_object, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef(pub(crate) snapshot::ObjectRef);

#[pymethods]
impl ObjectRef {
    /// The kind.
    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind.name()
    }

    /// The namespace; empty for kinds of the cluster.
    #[getter]
    fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// The name.
    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    /// The cluster; empty for the control plane's own.
    #[getter]
    fn cluster(&self) -> &str {
        &self.0.cluster
    }

    /// The object of this kind, namespace and name in a cluster.
    #[staticmethod]
    #[pyo3(name = "_of")]
    fn of(kind: &str, namespace: &str, name: &str, cluster: &str) -> PyResult<Self> {
        let known = Kind::ALL.iter().copied().find(|known| known.name() == kind);
        let kind =
            known.ok_or_else(|| error::setting("unknown-kind", &format_args!("unknown kind `{kind}`")))?;
        let object = snapshot::ObjectRef::new(kind, namespace, name);
        Ok(Self(snapshot::ObjectRef { cluster: cluster.into(), ..object }))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (&'static str, String, String, String)> {
        let snapshot::ObjectRef { kind, namespace, name, cluster } = &slf.get().0;
        let parts = (kind.name(), namespace.to_string(), name.to_string(), cluster.to_string());
        Ok((slf.getattr("_of")?, parts))
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn _repr_html_(&self) -> String {
        html::text(&self.0.to_string())
    }

    fn __repr__(&self) -> String {
        format!("<ObjectRef {}>", self.0)
    }
}

/// One thing that is wrong with the input.
#[pyclass(frozen, eq, ord, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem(problem::Problem);

impl From<problem::Problem> for Problem {
    fn from(problem: problem::Problem) -> Self {
        Self(problem)
    }
}

/// What a [`Problem`] is pickled as.
type ProblemParts = (
    Option<Place>,
    String,
    String,
    Option<ObjectRef>,
    String,
    String,
    Option<String>,
    Vec<Related>,
    Option<Fix>,
);

/// Problems as a tuple.
pub(crate) fn tuple<'py>(py: Python<'py>, problems: &[problem::Problem]) -> PyResult<Bound<'py, PyTuple>> {
    PyTuple::new(py, problems.iter().cloned().map(Problem).collect::<Vec<_>>())
}

#[pymethods]
impl Problem {
    /// What sort of problem it is. Codes are stable: scripts may depend on them.
    #[getter]
    fn code(&self) -> &'static str {
        self.0.code.id()
    }

    /// `error` (something was left out), `warning` or `note`.
    #[getter]
    fn severity(&self) -> &'static str {
        self.0.severity.as_str()
    }

    /// The object that it is about.
    #[getter]
    fn object(&self) -> Option<ObjectRef> {
        self.0.object.clone().map(ObjectRef)
    }

    /// The path of the field; empty when it is about the whole object or document.
    #[getter]
    fn field(&self) -> &str {
        &self.0.field
    }

    /// What is wrong.
    #[getter]
    fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do about it.
    #[getter]
    fn help(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Where it is, when it is anywhere.
    #[getter]
    fn place(&self) -> Option<Place> {
        self.0.place.clone().map(Place)
    }

    /// What else has to do with it.
    #[getter]
    fn related<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.related.iter().cloned().map(Related).collect::<Vec<_>>())
    }

    /// A change of the text that mends it, where one is certain.
    #[getter]
    fn fix(&self) -> Option<Fix> {
        self.0.fix.clone().map(Fix)
    }

    /// A problem of these parts, in the order of the fields.
    #[staticmethod]
    #[pyo3(name = "_of")]
    fn of(parts: ProblemParts) -> PyResult<Self> {
        let (place, code, severity, object, field, message, help, related, fix) = parts;
        let code: Code =
            code.parse().map_err(|unknown: UnknownCode| error::setting("unknown-code", &unknown))?;
        let mut problem = problem::Problem::new(code, message)
            .at(place.map(|place| place.0))
            .severity(error::severity(&severity)?)
            .on(object.map(|object| object.0))
            .field(field);
        problem.help = help;
        problem.related = related.into_iter().map(|related| related.0).collect();
        problem.fix = fix.map(|fix| fix.0);
        Ok(Self(problem))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (ProblemParts,)> {
        let problem = slf.get().0.clone();
        let parts = (
            problem.place.map(Place),
            problem.code.id().to_owned(),
            problem.severity.as_str().to_owned(),
            problem.object.map(ObjectRef),
            problem.field,
            problem.message,
            problem.help,
            problem.related.into_iter().map(Related).collect(),
            problem.fix.map(Fix),
        );
        Ok((slf.getattr("_of")?, (parts,)))
    }

    fn __str__(&self) -> String {
        diagnostics::concise(std::slice::from_ref(&self.0)).trim_end().to_owned()
    }

    fn _repr_html_(&self) -> String {
        html::text(&self.__str__())
    }

    fn __repr__(&self) -> String {
        format!("<Problem {}>", self.__str__())
    }
}

/// What a problem's code means and what to do about it.
#[pyfunction]
pub(crate) fn explain(code: &str) -> PyResult<&'static str> {
    let code: Code = code.parse().map_err(|unknown: UnknownCode| error::setting("unknown-code", &unknown))?;
    Ok(code.explanation())
}
