//! Why a resource exists.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use waypoint_xds::view::origins;

use crate::html;

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
    /// Whether the object is only assumed to be there.
    #[pyo3(get)]
    assumed: bool,
    /// Whether the object is there, but its address is only assumed.
    #[pyo3(get)]
    assumed_address: bool,
    text: String,
}

#[pymethods]
impl Maker {
    fn _repr_html_(&self) -> String {
        html::table(Self::HEADER, [self.row()])
    }

    fn __str__(&self) -> &str {
        &self.text
    }

    fn __repr__(&self) -> String {
        format!("<Maker {}>", self.text)
    }
}

impl Maker {
    /// What is told of one.
    const HEADER: [&str; 2] = ["OBJECT", "FIELD"];

    fn row(&self) -> [String; 2] {
        [self.text.clone(), self.field.clone()]
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
            assumed: maker.assumed,
            assumed_address: maker.assumed_address,
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
    filter: Option<String>,
    policy: Option<String>,
    address: Option<String>,
    endpoint: Option<String>,
    transport_socket: bool,
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

    /// The filter that was made, in its filter chain.
    #[getter]
    fn filter(&self) -> Option<&str> {
        self.filter.as_deref()
    }

    /// The policy that was made, in the RBAC filters of its filter chain.
    #[getter]
    fn policy(&self) -> Option<&str> {
        self.policy.as_deref()
    }

    /// The address of a workload, of which a listener knows what to do with connections to it.
    #[getter]
    fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// The endpoint of a cluster, by address and port.
    #[getter]
    fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// Whether it is how a cluster speaks to its endpoints.
    #[getter]
    fn transport_socket(&self) -> bool {
        self.transport_socket
    }

    /// The objects that made it, the decisive one first. Empty for what every waypoint gets.
    #[getter]
    pub(crate) fn objects<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.makers.iter().cloned())
    }

    fn _repr_html_(&self) -> String {
        let part = self.part().unwrap_or_else(|| "resource".to_owned());
        html::paragraph(&part) + &html::table(Maker::HEADER, self.makers.iter().map(Maker::row))
    }

    fn __repr__(&self) -> String {
        let part = self.part().unwrap_or_else(|| "resource".to_owned());
        let makers: Vec<&str> = self.makers.iter().map(|maker| maker.text.as_str()).collect();
        format!("<Origin of {part}: {}>", makers.join(", "))
    }
}

impl Origin {
    /// Whether it is that of the resource as a whole.
    pub(crate) fn is_of_resource(&self) -> bool {
        self.part().is_none()
    }

    /// The part that was made, in words; None for the resource as a whole.
    fn part(&self) -> Option<String> {
        let of_chain =
            self.filter_chain.as_ref().map(|chain| match (self.route, &self.filter, &self.policy) {
                (Some(route), ..) => format!("route {route} of {chain}"),
                (None, Some(filter), _) => format!("filter {filter} of {chain}"),
                (None, None, Some(policy)) => format!("policy {policy} of {chain}"),
                (None, None, None) => format!("filter chain {chain}"),
            });
        let address = self.address.as_ref().map(|address| format!("address {address}"));
        let endpoint = self.endpoint.as_ref().map(|endpoint| format!("endpoint {endpoint}"));
        let socket = self.transport_socket.then(|| "transport socket".to_owned());
        of_chain.or(address).or(endpoint).or(socket)
    }
}

impl From<&origins::Entry<'_>> for Origin {
    fn from(entry: &origins::Entry<'_>) -> Self {
        Self {
            filter_chain: entry.filter_chain.map(str::to_owned),
            route: entry.route,
            filter: entry.filter.map(str::to_owned),
            policy: entry.policy.map(str::to_owned),
            address: entry.address.map(str::to_owned),
            endpoint: entry.endpoint.map(str::to_owned),
            transport_socket: entry.transport_socket,
            makers: entry.objects.iter().map(Maker::from).collect(),
        }
    }
}
