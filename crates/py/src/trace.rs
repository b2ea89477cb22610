//! What comes of one request.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::Value;
use waypoint_xds::Session;
use waypoint_xds::trace::{self as core, Request, RequestSpec};
use waypoint_xds::view::trace as view;

use crate::error;
use crate::summary::from_json;

/// The keyword arguments whose names Python spells in its own way.
const SPELLED: [(&str, &str); 2] = [("ext_authz", "extAuthz"), ("source_address", "sourceAddress")];

/// A request, of keyword arguments.
pub(crate) fn request(
    py: Python<'_>,
    source: String,
    destination: String,
    given: Option<&Bound<'_, PyDict>>,
) -> PyResult<Request> {
    let fields = PyDict::new(py);
    for (name, value) in given.into_iter().flat_map(|given| given.iter()) {
        let name: String = name.extract()?;
        let spelled = SPELLED.iter().find(|(own, _)| *own == name).map_or(name.as_str(), |(_, core)| *core);
        fields.set_item(spelled, value)?;
    }
    let json: String = py.import("json")?.call_method1("dumps", (fields,))?.extract()?;
    let invalid = |error: &dyn std::fmt::Display| error::setting("invalid-request", error);
    let spec: RequestSpec = serde_json::from_str(&json).map_err(|error| invalid(&error))?;
    let spec = RequestSpec { from: Some(source), to: Some(destination), ..spec };
    Request::try_from(spec).map_err(|error| error::setting(error.code(), &error))
}

/// What comes of a request, and the way there; as text what the command line prints, in a notebook HTML.
#[pyclass(frozen, module = "waypoint_xds")]
#[derive(Clone, Debug)]
pub struct Trace {
    session: Session,
    traced: core::Trace,
    /// What the command line prints with `-o json`.
    json: Value,
}

impl Trace {
    pub(crate) fn new(py: Python<'_>, session: &Session, request: &Request) -> PyResult<Self> {
        py.detach(|| {
            let traced =
                session.trace(request).map_err(|error| error::setting("object-not-found", &error))?;
            let json = view::json(&traced, &session.places())
                .map_err(|error| error::setting("internal-error", &error))?;
            Ok(Self { session: session.clone(), traced, json })
        })
    }

    fn text(&self, explain_all: bool) -> String {
        view::text(&self.traced, &self.session.places(), explain_all)
    }

    fn field<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
        from_json(py, &self.json.get(name).unwrap_or(&Value::Null).to_string())
    }
}

#[pymethods]
impl Trace {
    /// `allowed`, `denied`, `answered`, `failed` or `unknown`.
    #[getter]
    fn verdict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.field(py, "verdict")
    }

    /// Whether it gets to its destination.
    #[getter]
    fn allowed(&self) -> bool {
        self.json.get("verdict").is_some_and(|verdict| verdict == "allowed")
    }

    /// The status of HTTP that the client gets of a proxy.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.field(py, "status")
    }

    /// The status of gRPC that the client gets of a proxy.
    #[getter]
    fn grpc_status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.field(py, "grpcStatus")
    }

    /// The verdict in a sentence.
    #[getter]
    fn reason<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.field(py, "reason")
    }

    /// The field that decided, and where it stands.
    #[getter]
    fn decided_by<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.field(py, "decidedBy")
    }

    /// The waypoint on the way, `namespace/name`.
    #[getter]
    fn waypoint<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.field(py, "waypoint")
    }

    /// All that may come of it, with odds.
    #[getter]
    fn outcomes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.field(py, "outcomes")
    }

    /// Where it goes, with odds.
    #[getter]
    fn destinations<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.field(py, "destinations")
    }

    /// What goes to others as a copy, with odds.
    #[getter]
    fn mirrors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.field(py, "mirrors")
    }

    /// The request as the destination would get it.
    #[getter]
    fn request<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.field(py, "request")
    }

    /// What the files do not tell, and what was assumed.
    #[getter]
    fn caveats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.field(py, "caveats")
    }

    /// The way, in its order.
    #[getter]
    fn steps<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.field(py, "steps")
    }

    /// What the command line prints with `-o json`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        from_json(py, &self.json.to_string())
    }

    /// The text with all that did not match, too.
    fn explain_all(&self) -> String {
        self.text(true)
    }

    fn _repr_html_(&self) -> String {
        view::html(&self.traced, &self.session.places())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| self.json == other.get().json)
    }

    fn __str__(&self) -> String {
        self.text(false)
    }

    fn __repr__(&self) -> String {
        format!("<Trace: {}>", self.text(false).lines().next().unwrap_or_default())
    }
}
