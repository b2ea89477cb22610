//! Why a resource exists.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use waypoint_xds::view::origins;

/// An object of the snapshot that made something, the field of it that did, and where that stands.
#[pyclass(frozen, eq, hash, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Maker {
    /// The object's kind.
    #[pyo3(get)]
    kind: &'static str,
    /// Its namespace; empty for kinds of the cluster.
    #[pyo3(get)]
    namespace: String,
    /// Its name.
    #[pyo3(get)]
    name: String,
    /// The path of the field; empty where it is the object as a whole.
    #[pyo3(get)]
    field: String,
    /// The file that it stands in.
    #[pyo3(get)]
    file: Option<String>,
    /// The line where the field starts.
    #[pyo3(get)]
    line: Option<u32>,
    /// The column where it starts, from 1, in characters.
    #[pyo3(get)]
    column: Option<u32>,
    /// The line where it ends.
    #[pyo3(get)]
    end_line: Option<u32>,
    text: String,
}

#[pymethods]
impl Maker {
    fn __str__(&self) -> &str {
        &self.text
    }

    fn __repr__(&self) -> String {
        format!("<Maker {}>", self.text)
    }
}

impl From<&origins::Maker<'_>> for Maker {
    fn from(maker: &origins::Maker<'_>) -> Self {
        Self {
            kind: maker.object.kind.name(),
            namespace: maker.object.namespace.to_string(),
            name: maker.object.name.to_string(),
            field: maker.field.clone(),
            file: maker.file.as_ref().map(ToString::to_string),
            line: maker.line,
            column: maker.column,
            end_line: maker.end_line,
            text: maker.to_string(),
        }
    }
}

/// What made a resource, or one of its filter chains or routes.
#[pyclass(frozen, eq, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    filter_chain: Option<String>,
    route: Option<u32>,
    policy: Option<String>,
    makers: Vec<Maker>,
}

#[pymethods]
impl Origin {
    /// The filter chain that was made; of a route the one that it is in. None for the resource as a whole.
    #[getter]
    fn filter_chain(&self) -> Option<&str> {
        self.filter_chain.as_deref()
    }

    /// The position of the route that was made, in its filter chain.
    #[getter]
    fn route(&self) -> Option<u32> {
        self.route
    }

    /// The policy that was made, in the RBAC filters of its filter chain.
    #[getter]
    fn policy(&self) -> Option<&str> {
        self.policy.as_deref()
    }

    /// The objects that made it, the decisive one first. Empty for what every waypoint gets.
    #[getter]
    pub(crate) fn objects<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.makers.iter().cloned())
    }

    fn __repr__(&self) -> String {
        let part = match (&self.filter_chain, self.route, &self.policy) {
            (Some(chain), Some(route), _) => format!("route {route} of {chain}"),
            (Some(chain), None, Some(policy)) => format!("policy {policy} of {chain}"),
            (Some(chain), None, None) => format!("filter chain {chain}"),
            (None, ..) => "resource".to_owned(),
        };
        let makers: Vec<&str> = self.makers.iter().map(|maker| maker.text.as_str()).collect();
        format!("<Origin of {part}: {}>", makers.join(", "))
    }
}

impl Origin {
    /// Whether it is that of the resource as a whole.
    pub(crate) fn is_of_resource(&self) -> bool {
        self.filter_chain.is_none() && self.route.is_none()
    }
}

impl From<&origins::Entry<'_>> for Origin {
    fn from(entry: &origins::Entry<'_>) -> Self {
        Self {
            filter_chain: entry.filter_chain.map(str::to_owned),
            route: entry.route,
            policy: entry.policy.map(str::to_owned),
            makers: entry.objects.iter().map(Maker::from).collect(),
        }
    }
}
