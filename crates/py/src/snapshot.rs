//! What was read.

use std::path::PathBuf;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple};
use waypoint_xds::limits::Limits;
use waypoint_xds::snapshot::{self, Reading};
use waypoint_xds::text::SourceFile;

use crate::summary::Summary;
use crate::{Reduced, error, problem};

/// Kubernetes and Istio objects that were read, and what is wrong with them.
#[pyclass(frozen, eq, module = "waypoint_xds")]
#[derive(Debug, PartialEq)]
pub struct Snapshot {
    pub(crate) reading: Arc<Reading>,
}

impl Snapshot {
    /// Reads files without the GIL.
    fn read(py: Python<'_>, files: Vec<SourceFile>) -> Self {
        let reading = py.detach(|| snapshot::Snapshot::read(files, &Limits::DEFAULT));
        Self { reading: Arc::new(reading) }
    }
}

/// One path, or several.
pub(crate) fn paths(paths: &Bound<'_, PyAny>) -> PyResult<Vec<PathBuf>> {
    match paths.extract::<PathBuf>() {
        Ok(one) => Ok(vec![one]),
        Err(_) => paths.try_iter()?.map(|path| path?.extract()).collect(),
    }
}

#[pymethods]
impl Snapshot {
    /// Reads a text of YAML or JSON documents; the name is shown in problems.
    #[staticmethod]
    #[pyo3(signature = (text, name = "<string>"))]
    fn from_yaml(py: Python<'_>, text: &str, name: &str) -> Self {
        Self::read(py, vec![SourceFile::new(name, text)])
    }

    /// Reads files, and of directories the .yaml, .yml and .json files that may hold objects.
    #[staticmethod]
    fn from_files(py: Python<'_>, paths: &Bound<'_, PyAny>) -> PyResult<Self> {
        let paths = self::paths(paths)?;
        match py.detach(|| files::read(paths)) {
            Ok(files) => Ok(Self::read(py, files)),
            Err(error) => Err(error::of_file(py, &error)),
        }
    }

    /// Reads objects, as clients of the Kubernetes API and YAML parsers hold them; lists of objects too.
    #[staticmethod]
    fn from_objects(py: Python<'_>, objects: &Bound<'_, PyAny>) -> PyResult<Self> {
        let texts = py.import("waypoint_xds._objects")?.call_method1("to_json", (objects,))?;
        let texts: Vec<String> = texts.extract()?;
        let files = py.detach(|| {
            let file = |(index, text): (usize, &String)| {
                serde_json::from_str(text).map(|object| SourceFile::from_object(index, &object))
            };
            texts.iter().enumerate().map(file).collect::<Result<Vec<_>, _>>()
        });
        Ok(Self::read(py, files.map_err(|error| error::setting("invalid-object", &error))?))
    }

    /// Reads texts that have names.
    #[staticmethod]
    #[pyo3(name = "_from_texts")]
    fn from_texts(py: Python<'_>, texts: Vec<(String, String)>) -> Self {
        Self::read(py, texts.into_iter().map(|(name, text)| SourceFile::new(name, text)).collect())
    }

    /// What is wrong with the texts. What a release makes of the objects is told by a translation.
    #[getter]
    fn problems<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        problem::tuple(py, &self.reading.problems)
    }

    /// What was read, and what was ignored and why.
    #[getter]
    fn summary(&self) -> Summary {
        self.reading.summary.clone().into()
    }

    /// Raises InputError if a problem is at least as bad: `error`, `warning` or `note`.
    #[pyo3(signature = (severity = "error"))]
    fn raise_for_problems(&self, severity: &str) -> PyResult<()> {
        error::raise_for(&self.reading.problems, &self.reading, severity)
    }

    /// How many objects were kept.
    fn __len__(&self) -> usize {
        self.reading.summary.objects_read()
    }

    /// A snapshot is its texts: reading them again gives the same.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, Bound<'py, PyTuple>> {
        let py = slf.py();
        let files = slf.get().reading.files.iter();
        let texts: Vec<_> =
            files.map(|file| (PyString::new(py, file.name()), PyString::new(py, file.text()))).collect();
        Ok((slf.getattr("_from_texts")?, PyTuple::new(py, [texts])?))
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __repr__(&self) -> String {
        let summary = Summary::from(self.reading.summary.clone());
        format!("<Snapshot: {}>", summary.first_line())
    }
}
