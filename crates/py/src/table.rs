//! Tables.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyTuple};
use waypoint_xds::view::table;

/// A table: as text the one that istioctl prints, in a notebook HTML.
#[pyclass(frozen, eq, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table(table::Table);

impl From<table::Table> for Table {
    fn from(table: table::Table) -> Self {
        Self(table)
    }
}

#[pymethods]
impl Table {
    /// The columns' names.
    #[getter]
    fn header<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, &self.0.header)
    }

    /// The rows, each with one text per column.
    #[getter]
    fn rows<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let rows = self.0.rows.iter().map(|row| PyTuple::new(py, row)).collect::<PyResult<Vec<_>>>()?;
        PyTuple::new(py, rows)
    }

    /// The table as a pandas DataFrame, where pandas is installed.
    fn to_pandas<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let columns = PyDict::new(py);
        columns.set_item("columns", self.0.header.clone())?;
        py.import("pandas")?.call_method("DataFrame", (self.0.rows.clone(),), Some(&columns))
    }

    fn _repr_html_(&self) -> String {
        self.0.to_html()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        self.rows(py)?.try_iter()
    }

    fn __len__(&self) -> usize {
        self.0.rows.len()
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __repr__(&self) -> String {
        format!("<Table {}: {} rows>", self.0.header.join(", "), self.0.rows.len())
    }
}
