//! What was read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use files::Wanted;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyString, PyTuple};
use waypoint_xds::detect;
use waypoint_xds::limits::Limits;
use waypoint_xds::problem::Problem;
use waypoint_xds::snapshot::{self, Reading};
use waypoint_xds::text::SourceFile;

use crate::problem::ObjectRef;
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
    fn read(py: Python<'_>, files: Vec<SourceFile>, told: Vec<Problem>, limits: Limits) -> Self {
        let mut reading = py.detach(|| snapshot::Snapshot::read(files, &limits));
        reading.tell(told);
        Self { reading: Arc::new(reading) }
    }
}

/// Limits as Python gives them: some of them, by name.
type Changed = Option<BTreeMap<String, u64>>;

/// What makes a snapshot again: the texts with their names and clusters, the limits within which they were
/// read, and what was told of what was not read.
type Parts<'py> = (
    Vec<(Bound<'py, PyString>, Bound<'py, PyString>, Option<String>)>,
    BTreeMap<&'static str, usize>,
    Vec<Told>,
);

/// What is told beside the texts: code, message and help.
type Told = (String, String, Option<String>);

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
    #[pyo3(signature = (text, name = "<string>", *, limits = None))]
    fn from_yaml(py: Python<'_>, text: &str, name: &str, limits: Changed) -> PyResult<Self> {
        let limits = error::limits(limits.as_ref())?;
        Ok(Self::read(py, vec![SourceFile::new(name, text)], Vec::new(), limits))
    }

    /// Reads files, and of directories the .yaml, .yml and .json files that may hold objects. `east=PATH` is
    /// what is in cluster east; the first cluster is the control plane's own. Charts, kustomizations and what
    /// a cluster did not list are among the problems.
    #[staticmethod]
    #[pyo3(signature = (paths, *, limits = None))]
    fn from_files(py: Python<'_>, paths: &Bound<'_, PyAny>, limits: Changed) -> PyResult<Self> {
        let limits = error::limits(limits.as_ref())?;
        let paths = self::paths(paths)?;
        let wanted = Wanted { bytes: limits.bytes, ..Wanted::default() };
        match py.detach(|| files::read_wanted(paths, &wanted)) {
            Ok(found) => {
                let told = found.problems();
                Ok(Self::read(py, found.sources, told, limits))
            }
            Err(error) => Err(error::of_file(py, &error)),
        }
    }

    /// Reads objects, as clients of the Kubernetes API and YAML parsers hold them; lists of objects too.
    #[staticmethod]
    #[pyo3(signature = (objects, *, limits = None))]
    fn from_objects(py: Python<'_>, objects: &Bound<'_, PyAny>, limits: Changed) -> PyResult<Self> {
        let limits = error::limits(limits.as_ref())?;
        let texts = py.import("waypoint_xds._objects")?.call_method1("to_json", (objects,))?;
        let texts: Vec<String> = texts.extract()?;
        let files = py.detach(|| {
            let file = |(index, text): (usize, &String)| {
                serde_json::from_str(text).map(|object| SourceFile::from_object(index, &object))
            };
            texts.iter().enumerate().map(file).collect::<Result<Vec<_>, _>>()
        });
        let files = files.map_err(|error| error::setting("invalid-object", &error))?;
        Ok(Self::read(py, files, Vec::new(), limits))
    }

    /// Reads texts that have names and may have clusters, within limits.
    #[staticmethod]
    #[pyo3(name = "_from_texts")]
    fn from_texts(
        py: Python<'_>,
        texts: Vec<(String, String, Option<String>)>,
        limits: BTreeMap<String, u64>,
        told: Vec<Told>,
    ) -> PyResult<Self> {
        let files = texts.into_iter().map(|(name, text, cluster)| match cluster {
            Some(cluster) => SourceFile::new(name, text).in_cluster(cluster),
            None => SourceFile::new(name, text),
        });
        let told = told.into_iter().filter_map(|(code, message, help)| {
            Some(Problem { help, ..Problem::new(code.parse().ok()?, message) })
        });
        Ok(Self::read(py, files.collect(), told.collect(), error::limits(Some(&limits))?))
    }

    /// What is wrong with the texts. What a release makes of the objects is told by a translation.
    #[getter]
    fn problems<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        problem::tuple(py, &self.reading.problems)
    }

    /// The release that it tells, by istiod's image or installation or by those of its waypoints; None where
    /// nothing does.
    #[getter]
    fn release(&self) -> Option<&'static str> {
        detect::release(&self.reading).map(|found| found.release.as_str())
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

    /// The objects that were kept, by kind, namespace and name.
    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        let mut objects: Vec<ObjectRef> =
            self.reading.snapshot.sources().map(|(object, _)| ObjectRef(object)).collect();
        objects.sort();
        PyTuple::new(py, objects)?.try_iter()
    }

    fn __contains__(&self, object: &Bound<'_, PyAny>) -> bool {
        let object = object.cast::<ObjectRef>();
        object.is_ok_and(|object| self.reading.snapshot.source(&object.get().0).is_some())
    }

    fn _repr_html_(&self) -> String {
        Summary::from(self.reading.summary.clone()).to_html()
    }

    /// A snapshot is its texts: reading them again gives the same.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, Parts<'py>> {
        let py = slf.py();
        let Reading { files, .. } = &*slf.get().reading;
        let texts = files.iter().map(|file| {
            let cluster = file.cluster().map(ToString::to_string);
            (PyString::new(py, file.name()), PyString::new(py, file.text()), cluster)
        });
        let told = slf.get().reading.told().iter();
        let told = told.map(|p| (p.code.id().to_owned(), p.message.clone(), p.help.clone()));
        Ok((slf.getattr("_from_texts")?, (texts.collect(), files.limits().named().collect(), told.collect())))
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
