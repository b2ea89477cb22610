//! What distributing configuration costs.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use waypoint_xds::Session;
use waypoint_xds::cost::{self as core, UnknownRule};
use waypoint_xds::view::{cost as view, cost_picture, json};

use crate::snapshot::Snapshot;
use crate::summary::from_json;
use crate::table::Table;
use crate::{error, html};

/// Compares how much configuration sidecars and waypoints hold. The settings are JSON; the rule is
/// `namespace` or `mesh`.
#[pyfunction]
pub(crate) fn cost(
    py: Python<'_>,
    snapshot: &Bound<'_, Snapshot>,
    settings: &str,
    rule: &str,
    replicas: Option<u64>,
) -> PyResult<Cost> {
    let rule = rule.parse().map_err(|unknown: UnknownRule| error::setting("unknown-rule", &unknown))?;
    let options = error::options(settings)?;
    let reading = Arc::clone(&snapshot.get().reading);
    Ok(Cost(py.detach(|| Session::new(reading, &options).cost(rule, replicas))))
}

/// The comparison for a whole mesh; as text the table that the command line prints.
#[pyclass(frozen, eq, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq)]
pub struct Cost(core::Cost);

#[pymethods]
impl Cost {
    /// How sidecars were counted: `namespace` or `mesh`.
    #[getter]
    fn rule(&self) -> String {
        self.0.rule.to_string()
    }

    /// Each namespace that has a Service, a workload or a waypoint, by name.
    #[getter]
    fn namespaces<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.namespaces.iter().cloned().map(NamespaceCost).collect::<Vec<_>>())
    }

    /// All namespaces together.
    #[getter]
    fn total(&self) -> Distribution {
        Distribution(self.0.total)
    }

    /// The comparison as a table, with a row for each namespace and one for all.
    fn table(&self) -> Table {
        view::table(&self.0).into()
    }

    /// The comparison as the command line prints it with `-o json`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        from_json(py, &json::to_value(&self.0).to_string())
    }

    /// The comparison as a picture, the text of an SVG file: proxies with the configurations that each holds.
    fn to_svg(&self) -> String {
        cost_picture::svg(&self.0)
    }

    fn _repr_html_(&self) -> String {
        format!("{}{}", view::table(&self.0).to_html(), self.to_svg())
    }

    fn __str__(&self) -> String {
        view::table(&self.0).to_string()
    }

    fn __repr__(&self) -> String {
        let core::Distribution { sidecars, waypoints, .. } = self.0.total;
        format!("<Cost: {sidecars} for sidecars, {waypoints} for waypoints>")
    }
}

/// The comparison for one namespace.
#[pyclass(frozen, eq, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq)]
pub struct NamespaceCost(core::NamespaceCost);

#[pymethods]
impl NamespaceCost {
    /// The namespace.
    #[getter]
    fn namespace(&self) -> &str {
        &self.0.namespace
    }

    /// Its Services, those of waypoints left out.
    #[getter]
    fn services(&self) -> u64 {
        self.0.services
    }

    /// Its pods, those of waypoints left out: each would have a sidecar.
    #[getter]
    fn sidecars(&self) -> u64 {
        self.0.sidecars
    }

    /// The replicas of its waypoints.
    #[getter]
    fn waypoints(&self) -> u64 {
        self.0.waypoints
    }

    /// What they hold.
    #[getter]
    fn distribution(&self) -> Distribution {
        Distribution(self.0.distribution)
    }

    /// How many proxies get a push when one of its Services changes.
    #[getter]
    fn change(&self) -> Change {
        Change(self.0.change)
    }

    fn _repr_html_(&self) -> String {
        view::of_namespace(&self.0).to_html()
    }

    fn __repr__(&self) -> String {
        let core::Distribution { sidecars, waypoints, .. } = self.0.distribution;
        format!("<NamespaceCost {}: {sidecars} for sidecars, {waypoints} for waypoints>", self.0.namespace)
    }
}

/// How many configurations are held in each model.
#[pyclass(frozen, eq, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq)]
pub struct Distribution(core::Distribution);

#[pymethods]
impl Distribution {
    /// By sidecars.
    #[getter]
    fn sidecars(&self) -> u64 {
        self.0.sidecars
    }

    /// By waypoints.
    #[getter]
    fn waypoints(&self) -> u64 {
        self.0.waypoints
    }

    /// Waypoints' share of what sidecars hold, in percent; None where there is no sidecar.
    #[getter]
    fn percent(&self) -> Option<f64> {
        self.0.percent()
    }

    fn _repr_html_(&self) -> String {
        let counts = [self.0.sidecars.to_string(), self.0.waypoints.to_string(), view::percent(self.0)];
        html::table(["SIDECAR CONFIG", "WAYPOINT CONFIG", "WAYPOINTS/SIDECARS"], [counts])
    }

    fn __repr__(&self) -> String {
        format!("<Distribution sidecars={} waypoints={}>", self.0.sidecars, self.0.waypoints)
    }
}

/// How many proxies get a push when one Service changes.
#[pyclass(frozen, eq, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq)]
pub struct Change(core::Change);

#[pymethods]
impl Change {
    /// In the sidecar model.
    #[getter]
    fn sidecars(&self) -> u64 {
        self.0.sidecars
    }

    /// In the waypoint model: of the namespace's Services, the one that most replicas serve.
    #[getter]
    fn waypoints(&self) -> u64 {
        self.0.waypoints
    }

    fn _repr_html_(&self) -> String {
        html::table(["PUSHES PER CHANGE"], [[view::pushes(self.0)]])
    }

    fn __repr__(&self) -> String {
        format!("<Change sidecars={} waypoints={}>", self.0.sidecars, self.0.waypoints)
    }
}
