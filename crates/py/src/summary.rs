//! What was read and what was not.

use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use waypoint_xds::snapshot;
use waypoint_xds::view::{json, summary};

use crate::{error, html};

/// A count of what was in the input; as text, what the command line prints.
#[pyclass(frozen, eq, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary(snapshot::Summary);

impl From<snapshot::Summary> for Summary {
    fn from(summary: snapshot::Summary) -> Self {
        Self(summary)
    }
}

#[pymethods]
impl Summary {
    /// Files read.
    #[getter]
    fn files(&self) -> usize {
        self.0.files
    }

    /// Documents read; empty ones do not count.
    #[getter]
    fn documents(&self) -> usize {
        self.0.documents
    }

    /// Objects kept.
    #[getter]
    fn objects_read(&self) -> usize {
        self.0.objects_read()
    }

    /// Objects ignored, because no resource of a waypoint depends on them.
    #[getter]
    fn objects_ignored(&self) -> usize {
        self.0.objects_ignored()
    }

    /// Objects left out because something is wrong with them.
    #[getter]
    fn objects_left_out(&self) -> usize {
        self.0.objects_left_out()
    }

    /// Everything that was counted.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        from_json(py, &json::to_value(&self.0).to_string())
    }

    fn _repr_html_(&self) -> String {
        self.to_html()
    }

    fn __str__(&self) -> String {
        summary::text(&self.0).trim_end().to_owned()
    }

    fn __repr__(&self) -> String {
        format!("<Summary: {}>", self.first_line())
    }
}

impl Summary {
    /// All of it, for a notebook.
    pub(crate) fn to_html(&self) -> String {
        html::text(summary::text(&self.0).trim_end())
    }

    /// What was read.
    pub(crate) fn first_line(&self) -> String {
        summary::text(&self.0).lines().next().unwrap_or_default().to_owned()
    }
}

/// JSON as Python's own reader reads it.
pub(crate) fn from_json<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (text,))
}

/// What Python's objects say, by the JSON that its own writer writes of them: a sequence of mappings as a
/// list of structs.
pub(crate) fn from_python<T: DeserializeOwned>(object: &Bound<'_, PyAny>) -> PyResult<T> {
    let py = object.py();
    let items = py.import("builtins")?.call_method1("list", (object,))?;
    let text: String = py.import("json")?.call_method1("dumps", (items,))?.extract()?;
    // The text is made here: where something is wrong in it tells nobody anything.
    let invalid = |error| error::setting("invalid-options", &error);
    let value: serde_json::Value = serde_json::from_str(&text).map_err(invalid)?;
    serde_json::from_value(value).map_err(invalid)
}
