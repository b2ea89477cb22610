//! What one waypoint gets.

use std::sync::Arc;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyTuple};
use waypoint_xds::lists::UnknownList;
use waypoint_xds::resources::WaypointResources;
use waypoint_xds::view::json::{self, UnknownKind};
use waypoint_xds::view::resource::{self, List};

use crate::resource::{Resource, hash};
use crate::summary::from_json;
use crate::table::Table;
use crate::translation::Made;
use crate::{error, html};

/// What Istio's control plane would send one waypoint.
#[pyclass(frozen, module = "waypoint_xds")]
#[derive(Debug)]
pub struct Waypoint {
    made: Arc<Made>,
    index: usize,
}

impl Waypoint {
    /// The waypoint at this position, if there is one.
    pub(crate) fn new(made: &Arc<Made>, index: usize) -> Option<Self> {
        made.waypoint(index).map(|_| Self { made: Arc::clone(made), index })
    }

    fn resources(&self) -> PyResult<&WaypointResources> {
        let resources = self.made.waypoint(self.index);
        // Never: `new` has seen it.
        resources.ok_or_else(|| PyRuntimeError::new_err("the waypoint is gone"))
    }

    fn list<'py>(&self, py: Python<'py>, list: List) -> PyResult<Bound<'py, PyTuple>> {
        let count = resource::all(self.resources()?, list).len();
        let one = |position| Resource::new(&self.made, self.index, list, position);
        PyTuple::new(py, (0..count).map(one).collect::<Vec<_>>())
    }
}

#[pymethods]
impl Waypoint {
    /// The waypoint's name: `namespace/name` of its Gateway.
    #[getter]
    fn name(&self) -> PyResult<String> {
        Ok(self.resources()?.waypoint.to_string())
    }

    /// LDS, sorted by name.
    #[getter]
    fn listeners<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.list(py, List::Listeners)
    }

    /// CDS, sorted by name.
    #[getter]
    fn clusters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.list(py, List::Clusters)
    }

    /// RDS, sorted by name. Empty in the known releases: a waypoint's routes are inside its listeners.
    #[getter]
    fn routes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.list(py, List::Routes)
    }

    /// EDS, sorted by cluster name.
    #[getter]
    fn endpoints<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.list(py, List::Endpoints)
    }

    /// ECDS, sorted by name: the configurations of the Wasm extensions in the listeners.
    #[getter]
    fn extensions<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        self.list(py, List::Extensions)
    }

    /// The table that `istioctl proxy-config` prints of `listeners`, `clusters`, `routes` or `endpoints`; a
    /// wide one also tells which objects made each row.
    #[pyo3(signature = (kind, *, wide = false))]
    fn table(&self, py: Python<'_>, kind: &str, wide: bool) -> PyResult<Table> {
        let kind = kind.parse().map_err(|unknown: UnknownKind| error::setting("unknown-kind", &unknown))?;
        let (session, resources) = (&self.made.session, self.resources()?);
        Ok(py.detach(|| session.table(resources, kind, wide)).into())
    }

    /// The resources as Envoy's admin endpoint `/config_dump?include_eds` would print them.
    fn config_dump(&self, py: Python<'_>) -> PyResult<String> {
        let resources = self.resources()?;
        Ok(py.detach(|| json::config_dump(resources)))
    }

    /// What its Envoy starts with: the bootstrap as Istio's template writes it.
    fn bootstrap<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let session = &self.made.session;
        let waypoint = session.waypoint(Some(&self.resources()?.waypoint));
        let waypoint = waypoint.map_err(|error| error::setting("unknown-waypoint", &error))?;
        let text = py.detach(|| session.bootstrap(waypoint).to_string());
        from_json(py, &text)
    }

    /// How traffic goes from listeners to endpoints: `nodes` and `edges`.
    fn graph<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let resources = self.resources()?;
        let text = py.detach(|| json::to_value(&self.made.session.graph(resources)).to_string());
        from_json(py, &text)
    }

    /// The resource of a kind (`listeners`, `clusters`, `routes`, `endpoints` or `extensions`) and name, if
    /// there is one.
    fn get(&self, kind: &str, name: &str) -> PyResult<Option<Resource>> {
        let list: List =
            kind.parse().map_err(|unknown: UnknownList| error::setting("unknown-kind", &unknown))?;
        let all = resource::all(self.resources()?, list);
        let found = all.iter().position(|resource| resource.name() == name);
        Ok(found.map(|position| Resource::new(&self.made, self.index, list, position)))
    }

    /// All resources, in the order of their kinds.
    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        let mut all = Vec::new();
        for list in List::ALL {
            let count = resource::all(self.resources()?, list).len();
            all.extend((0..count).map(|position| Resource::new(&self.made, self.index, list, position)));
        }
        PyTuple::new(py, all)?.try_iter()
    }

    fn __len__(&self) -> PyResult<usize> {
        let resources = self.resources()?;
        Ok(List::ALL.into_iter().map(|list| resource::all(resources, list).len()).sum())
    }

    fn _repr_html_(&self) -> PyResult<String> {
        let resources = self.resources()?;
        let count = |list: List| [list.as_str().to_owned(), resource::all(resources, list).len().to_string()];
        let name = resources.waypoint.to_string();
        Ok(html::table([name.as_str(), "resources"], List::ALL.map(count)))
    }

    /// Waypoints are equal if all that they get is, and what made it.
    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>() else { return Ok(false) };
        Ok(self.resources()? == other.get().resources()?)
    }

    fn __hash__(&self) -> PyResult<u64> {
        Ok(hash(&self.name()?))
    }

    fn __repr__(&self) -> PyResult<String> {
        let resources = self.resources()?;
        let count = |list| format!("{} {}", resource::all(resources, list).len(), list.as_str());
        Ok(format!("<Waypoint {}: {}>", resources.waypoint, List::ALL.map(count).join(", ")))
    }
}
