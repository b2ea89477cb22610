//! What the Python package `waypoint-xds` is made of: the core's functions and types as Python objects.
//!
//! Nothing is decided here. Classes are frozen and share what they are about, so that they may be used from
//! any thread; the GIL is released wherever text is read or resources are made. What is easier said in Python
//! (options, exceptions, objects to JSON) is in `python/waypoint_xds`.
#![forbid(unsafe_code)]

mod cost;
mod error;
mod fix;
mod html;
mod lint;
mod origin;
mod problem;
mod resource;
mod snapshot;
mod summary;
mod table;
mod trace;
mod translation;
mod waypoint;

/// What `pickle` calls to make an object again: a function and its arguments.
type Reduced<'py, Arguments> = pyo3::PyResult<(pyo3::Bound<'py, pyo3::PyAny>, Arguments)>;

/// The compiled part of the package `waypoint_xds`.
#[pyo3::pymodule]
mod _waypoint_xds {
    use pyo3::prelude::*;
    use pyo3::types::PyTuple;
    use waypoint_xds::release::Release;

    #[pymodule_export]
    use crate::cost::{Change, Cost, Distribution, NamespaceCost, cost};
    #[pymodule_export]
    use crate::fix::{Edit, Fix, Related, Replacement};
    #[pymodule_export]
    use crate::origin::{Maker, Origin};
    #[pymodule_export]
    use crate::problem::{ObjectRef, Place, Problem, explain};
    #[pymodule_export]
    use crate::resource::Resource;
    #[pymodule_export]
    use crate::snapshot::Snapshot;
    #[pymodule_export]
    use crate::summary::Summary;
    #[pymodule_export]
    use crate::table::Table;
    #[pymodule_export]
    use crate::trace::Trace;
    #[pymodule_export]
    use crate::translation::{Translation, translate};
    #[pymodule_export]
    use crate::waypoint::Waypoint;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let releases = Release::ALL.iter().map(|release| release.as_str());
        module.add("RELEASES", PyTuple::new(module.py(), releases.collect::<Vec<_>>())?)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
