//! What was made of a snapshot.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use files::Wanted;
use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyTuple};
use waypoint_xds::Session;
use waypoint_xds::describe::{NotASubjectKind, Subject, SubjectKind};
use waypoint_xds::lint::Baseline;
use waypoint_xds::resources::WaypointResources;
use waypoint_xds::trace::classes::access::{AccessQuery, AccessSpec};
use waypoint_xds::view::fields::{self, Field};
use waypoint_xds::view::origins::{self, Places};
use waypoint_xds::view::resource::{self, List};
use waypoint_xds::view::ztunnel::{self, UnknownKind, ZtunnelConfig};
use waypoint_xds::view::{access, description, difference, json, statuses, tested, waypoints};

use crate::origin::Origin;
use crate::problem::Place;
use crate::snapshot::Snapshot;
use crate::summary::{Summary, from_json, from_python};
use crate::table::Table;
use crate::trace::{self, Trace};
use crate::waypoint::Waypoint;
use crate::{Reduced, error, lint, problem};

/// Translates a snapshot. The settings are JSON.
#[pyfunction]
pub(crate) fn translate(
    py: Python<'_>,
    snapshot: &Bound<'_, Snapshot>,
    settings: String,
) -> PyResult<Translation> {
    let options = error::options(&settings)?;
    let reading = Arc::clone(&snapshot.get().reading);
    let session = py.detach(|| Session::new(reading, &options));
    session.has_wanted().map_err(|error| error::setting("unknown-waypoint", &error))?;
    let made = py.detach(|| Made::new(session));
    Ok(Translation { made: Arc::new(made), snapshot: snapshot.clone().unbind(), settings })
}

/// The origins of the resources of a list, by position.
type Origins = Vec<Vec<Origin>>;

/// A session, translated: what all objects that are about it share.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) session: Session,
    /// The positions of the waypoints.
    by_name: BTreeMap<String, usize>,
    /// By waypoint and list, found when somebody asks.
    origins: Vec<BTreeMap<List, OnceLock<Origins>>>,
}

impl Made {
    fn new(session: Session) -> Self {
        let waypoints = &session.translation().waypoints;
        let names = waypoints.iter().map(|waypoint| waypoint.waypoint.to_string());
        let by_name = names.zip(0..).collect();
        let unknown = || List::ALL.into_iter().map(|list| (list, OnceLock::new())).collect();
        let origins = waypoints.iter().map(|_| unknown()).collect();
        Self { session, by_name, origins }
    }

    /// The resources of the waypoint at this position.
    pub(crate) fn waypoint(&self, index: usize) -> Option<&WaypointResources> {
        self.session.translation().waypoints.get(index)
    }

    /// The origins of one resource.
    pub(crate) fn origins(&self, waypoint: usize, list: List, index: usize) -> &[Origin] {
        let known = self.origins.get(waypoint).and_then(|lists| lists.get(&list));
        let Some((known, resources)) = known.zip(self.waypoint(waypoint)) else {
            return &[];
        };
        let all = known.get_or_init(|| all_origins(&self.session.places(), resources, list));
        all.get(index).map(Vec::as_slice).unwrap_or_default()
    }
}

fn all_origins(places: &Places<'_>, resources: &WaypointResources, list: List) -> Origins {
    let origins = |resource: &dyn resource::AnyResource| {
        origins::entries(resource.origins(), places).iter().map(Origin::from).collect()
    };
    resource::all(resources, list).into_iter().map(origins).collect()
}

/// A view of a mapping, as `dict` has them.
fn view<'py>(mapping: &Bound<'py, Translation>, class: &str) -> PyResult<Bound<'py, PyAny>> {
    mapping.py().import("collections.abc")?.getattr(class)?.call1((mapping,))
}

/// What Istio's control plane would send every waypoint of a snapshot: a mapping of names, `namespace/name`,
/// to waypoints.
#[pyclass(frozen, mapping, module = "waypoint_xds")]
#[derive(Debug)]
pub struct Translation {
    made: Arc<Made>,
    snapshot: Py<Snapshot>,
    settings: String,
}

impl Translation {
    fn translated(&self) -> &waypoint_xds::Translation {
        self.made.session.translation()
    }

    fn named(&self, name: &Bound<'_, PyAny>) -> Option<Waypoint> {
        let index = self.made.by_name.get(&name.extract::<String>().ok()?)?;
        Waypoint::new(&self.made, *index)
    }
}

#[pymethods]
impl Translation {
    /// The release whose layout this is.
    #[getter]
    fn release(&self) -> &'static str {
        self.translated().release.as_str()
    }

    /// The snapshot that was translated.
    #[getter]
    fn snapshot(&self, py: Python<'_>) -> Py<Snapshot> {
        self.snapshot.clone_ref(py)
    }

    /// Everything found wrong, from the text to the mesh, in the order of the text.
    #[getter]
    fn problems<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        problem::tuple(py, &self.translated().problems)
    }

    /// Everything that is to be said of the snapshot: the problems, and what is accepted and does not do what
    /// it looks like.
    #[pyo3(signature = (*, select = Vec::new(), ignore = Vec::new(), severity = BTreeMap::new(), overrides = None, baseline = None))]
    fn lint<'py>(
        &self,
        py: Python<'py>,
        select: Vec<String>,
        ignore: Vec<String>,
        severity: BTreeMap<String, String>,
        overrides: Option<&Bound<'py, PyAny>>,
        baseline: Option<&str>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let selection = lint::selection(&select, &ignore, &severity, overrides)?;
        let baseline = baseline.map(lint::baseline).transpose()?;
        let found = py.detach(|| self.made.session.lint_against(baseline.as_ref(), &selection));
        problem::tuple(py, &found)
    }

    /// The text of a baseline that has all that is found: what `lint` takes as `baseline`.
    #[pyo3(signature = (*, select = Vec::new(), ignore = Vec::new(), severity = BTreeMap::new(), overrides = None))]
    fn baseline(
        &self,
        py: Python<'_>,
        select: Vec<String>,
        ignore: Vec<String>,
        severity: BTreeMap<String, String>,
        overrides: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<String> {
        let selection = lint::selection(&select, &ignore, &severity, overrides)?;
        Ok(py.detach(|| Baseline::of(&self.made.session.lint_with(&selection)).to_string()))
    }

    /// What was read, and what was ignored and why.
    #[getter]
    fn summary(&self) -> Summary {
        self.translated().summary.clone().into()
    }

    /// Raises InputError if a problem is at least as bad: `error`, `warning` or `note`.
    #[pyo3(signature = (severity = "error"))]
    fn raise_for_problems(&self, severity: &str) -> PyResult<()> {
        error::raise_for(&self.translated().problems, self.made.session.input(), severity)
    }

    /// All resources of all waypoints: exactly what `waypoint-xds translate -o json` prints.
    fn to_json(&self, py: Python<'_>) -> String {
        py.detach(|| json::translation(self.translated()))
    }

    /// Every condition that Istio would write into the objects' statuses.
    #[getter]
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let text = py.detach(|| statuses::json(&self.made.session.statuses()).to_string());
        from_json(py, &text)
    }

    /// What ztunnels get: `workloads`, `services` and `policies`.
    #[getter]
    fn ztunnel<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let made = py.detach(|| self.made.session.ztunnel());
        let resources = made.map_err(|error| error::setting("unknown-ztunnel", &error))?;
        let text = py.detach(|| ztunnel::all(&ZtunnelConfig::from(&resources)).to_string());
        from_json(py, &text)
    }

    /// The table that `istioctl ztunnel-config` prints of `workloads`, `services` or `policies`; a wide one
    /// also tells which objects made each row.
    #[pyo3(signature = (kind, *, wide = false))]
    fn ztunnel_table(&self, py: Python<'_>, kind: &str, wide: bool) -> PyResult<Table> {
        let kind = kind.parse().map_err(|unknown: UnknownKind| error::setting("unknown-kind", &unknown))?;
        let session = &self.made.session;
        let made = py.detach(|| session.ztunnel_table(kind, wide));
        Ok(made.map_err(|error| error::setting("unknown-ztunnel", &error))?.into())
    }

    /// Where fields stand that `status` names as causes: a place or None for each.
    fn places<'py>(&self, fields: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        let py = fields.py();
        let fields: Vec<Field> = from_python(fields)?;
        let places = py.detach(|| fields::places(self.made.session.input(), &fields));
        PyTuple::new(py, places.into_iter().map(|place| place.map(Place::from)))
    }

    /// All about one object: which waypoint serves it and why, who goes past it, what is enforced where, how
    /// it is routed, and what is wrong.
    #[pyo3(signature = (kind, name, *, namespace = None))]
    fn describe<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        name: &str,
        namespace: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let kind: SubjectKind =
            kind.parse().map_err(|unknown: NotASubjectKind| error::setting("unknown-kind", &unknown))?;
        let subject = Subject::new(kind, name, namespace);
        let found = py.detach(|| self.made.session.describe(&subject));
        let found = found.map_err(|error| error::setting("object-not-found", &error))?;
        let json = description::json(&found).map_err(|error| error::setting("internal-error", &error))?;
        from_json(py, &json.to_string())
    }

    /// What is different in another translation: for requests, resources, findings and statuses.
    fn diff<'py>(&self, py: Python<'py>, new: &Self) -> PyResult<Bound<'py, PyAny>> {
        let (old, new) = (&self.made.session, &new.made.session);
        let json = py.detach(|| difference::json(&old.diff(new), &old.places(), &new.places()));
        let json = json.map_err(|error| error::setting("internal-error", &error))?;
        from_json(py, &json.to_string())
    }

    /// Who may do what, exactly.
    #[pyo3(signature = (to=None, *, port=None, source=None, ext_authz=None))]
    fn access<'py>(
        &self,
        py: Python<'py>,
        to: Option<String>,
        port: Option<u16>,
        source: Option<String>,
        ext_authz: Option<String>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let spec = AccessSpec { to, port, from: source, ext_authz };
        let query = AccessQuery::try_from(spec).map_err(|error| error::setting("invalid-query", &error))?;
        let found = py.detach(|| self.made.session.access(&query));
        let found = found.map_err(|error| error::setting("object-not-found", &error))?;
        let json = py.detach(|| access::json(&found, &self.made.session.places()));
        let json = json.map_err(|error| error::setting("internal-error", &error))?;
        from_json(py, &json.to_string())
    }

    /// What comes of the requests in files of tests, and whether that is what they expect; of directories
    /// those files in it.
    fn run_tests<'py>(&self, py: Python<'py>, paths: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let paths = crate::snapshot::paths(paths)?;
        let wanted = Wanted { bytes: self.made.session.input().files.limits().bytes, ..Wanted::default() };
        let files = py.detach(|| files::tests(paths, &wanted)).map_err(|error| error::of_file(py, &error))?;
        let setup = |path: &str| files::setup(path, &wanted);
        let report = py.detach(|| self.made.session.suites(&files, &setup).run());
        let json = tested::json(&report).map_err(|error| error::setting("internal-error", &error))?;
        from_json(py, &json.to_string())
    }

    /// What comes of a request, and why.
    #[pyo3(signature = (source, destination, **request))]
    fn trace(
        &self,
        py: Python<'_>,
        source: String,
        destination: String,
        request: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Trace> {
        Trace::new(py, &self.made.session, &trace::request(py, source, destination, request)?)
    }

    /// The waypoints' names.
    fn keys<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf, "KeysView")
    }

    /// The waypoints.
    fn values<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf, "ValuesView")
    }

    /// The waypoints with their names.
    fn items<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        view(slf, "ItemsView")
    }

    /// The waypoint of this name, or the default.
    #[pyo3(signature = (name, default = None, /))]
    fn get<'py>(
        &self,
        name: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        match self.named(name) {
            Some(waypoint) => Ok(Some(Bound::new(name.py(), waypoint)?.into_any())),
            None => Ok(default),
        }
    }

    fn __getitem__(&self, name: &Bound<'_, PyAny>) -> PyResult<Waypoint> {
        self.named(name).ok_or_else(|| PyKeyError::new_err(name.clone().unbind()))
    }

    fn __contains__(&self, name: &Bound<'_, PyAny>) -> bool {
        self.named(name).is_some()
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyTuple::new(py, self.made.by_name.keys())?.try_iter()
    }

    fn __len__(&self) -> usize {
        self.translated().waypoints.len()
    }

    fn _repr_html_(&self) -> String {
        let session = &self.made.session;
        let entries = waypoints::list(session.mesh(), &self.translated().problems, None);
        waypoints::table(&entries).to_html()
    }

    /// Translations of one release are equal if all that they say is.
    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        let Ok(other) = other.cast::<Self>() else { return false };
        let (own, other) = (self.translated(), other.get().translated());
        own.release == other.release && own.waypoints == other.waypoints && own.problems == other.problems
    }

    /// A translation is its snapshot and settings: making it again gives the same.
    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (Py<Snapshot>, String)> {
        let py = slf.py();
        let translate = py.import("waypoint_xds._waypoint_xds")?.getattr("translate")?;
        let this = slf.get();
        Ok((translate, (this.snapshot.clone_ref(py), this.settings.clone())))
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __repr__(&self) -> String {
        let names: Vec<&str> = self.made.by_name.keys().map(String::as_str).collect();
        format!("<Translation for {}: {}>", self.release(), names.join(", "))
    }
}
