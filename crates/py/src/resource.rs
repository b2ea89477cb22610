//! One Envoy resource.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use waypoint_xds::view::json;
use waypoint_xds::view::resource::{self, AnyResource, List};

use crate::html;
use crate::summary::from_json;
use crate::translation::Made;

/// One Envoy resource, and why it exists.
#[pyclass(frozen, module = "waypoint_xds")]
#[derive(Debug)]
pub struct Resource {
    made: Arc<Made>,
    waypoint: usize,
    list: List,
    index: usize,
}

impl Resource {
    pub(crate) fn new(made: &Arc<Made>, waypoint: usize, list: List, index: usize) -> Self {
        Self { made: Arc::clone(made), waypoint, list, index }
    }

    fn resource(&self) -> PyResult<&dyn AnyResource> {
        let waypoint = self.made.waypoint(self.waypoint);
        let resource = waypoint.and_then(|waypoint| resource::get(waypoint, self.list, self.index));
        // Never: a resource is made for a position that is there.
        resource.ok_or_else(|| PyRuntimeError::new_err("the resource is gone"))
    }
}

#[pymethods]
impl Resource {
    /// The name by which Envoy asks for it.
    #[getter]
    fn name(&self) -> PyResult<&str> {
        Ok(self.resource()?.name())
    }

    /// The URL of its type, as in a `DiscoveryResponse`.
    #[getter]
    fn type_url(&self) -> PyResult<String> {
        Ok(self.resource()?.type_url())
    }

    /// The objects that made the resource as a whole, the decisive one first. Empty for what every waypoint
    /// gets.
    #[getter]
    fn origin<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let mut origins = self.made.origins(self.waypoint, self.list, self.index).iter();
        match origins.find(|origin| origin.is_of_resource()) {
            Some(origin) => origin.objects(py),
            None => Ok(PyTuple::empty(py)),
        }
    }

    /// What made the resource as a whole, each of its filter chains, and each of its routes.
    #[getter]
    fn origins<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.made.origins(self.waypoint, self.list, self.index).iter().cloned())
    }

    /// The resource as protobuf's canonical JSON says it: dicts, lists and scalars.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        from_json(py, &self.to_json()?)
    }

    /// Its canonical JSON.
    fn to_json(&self) -> PyResult<String> {
        Ok(self.resource()?.to_json())
    }

    /// The encoded message.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.resource()?.to_bytes()))
    }

    fn __bytes__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.to_bytes(py)
    }

    fn _repr_html_(&self) -> PyResult<String> {
        let resource = self.resource()?;
        Ok(html::folded(resource.name(), &json::indented(&resource.to_json())))
    }

    /// Resources of one type are equal if their messages are, whatever made them.
    fn __eq__(&self, other: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(other) = other.cast::<Self>() else { return Ok(false) };
        let (own, other) = (self.resource()?, other.get().resource()?);
        Ok(own.type_url() == other.type_url() && own.to_bytes() == other.to_bytes())
    }

    fn __hash__(&self) -> PyResult<u64> {
        Ok(hash(self.resource()?.name()))
    }

    fn __repr__(&self) -> PyResult<String> {
        let resource = self.resource()?;
        let url = resource.type_url();
        let kind = url.rsplit('.').next().unwrap_or_default();
        Ok(format!("<Resource {kind} {}>", resource.name()))
    }
}

/// The hash of what has this name.
pub(crate) fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}
