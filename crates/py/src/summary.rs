//! What was read and what was not.

use pyo3::prelude::*;
use waypoint_xds::snapshot;
use waypoint_xds::view::{json, summary};

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

    fn __str__(&self) -> String {
        summary::text(&self.0).trim_end().to_owned()
    }

    fn __repr__(&self) -> String {
        format!("<Summary: {}>", self.first_line())
    }
}

impl Summary {
    /// What was read.
    pub(crate) fn first_line(&self) -> String {
        summary::text(&self.0).lines().next().unwrap_or_default().to_owned()
    }
}

/// JSON as Python's own reader reads it.
pub(crate) fn from_json<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (text,))
}
