//! Errors as Python has them: exceptions of the package's classes, with code and place.

use std::collections::BTreeMap;

use files::FileError;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use waypoint_xds::limits::Limits;
use waypoint_xds::options::{Settings, SettingsError};
use waypoint_xds::problem::{self, Severity, UnknownSeverity};
use waypoint_xds::snapshot::Reading;
use waypoint_xds::view::diagnostics::{self, Colour};

use crate::problem::{Place, Problem};

/// The exceptions' classes are written in Python: the stable ABI allows subclasses of `Exception` there only.
mod classes {
    #![allow(missing_docs, missing_debug_implementations, reason = "names for classes that Python defines")]
    pyo3::import_exception!(waypoint_xds._errors, InputError);
    pyo3::import_exception!(waypoint_xds._errors, SettingsError);
}

/// An argument that is not one of those expected: `SettingsError`, which is a `ValueError`.
pub(crate) fn setting(code: &'static str, error: &dyn std::fmt::Display) -> PyErr {
    classes::SettingsError::new_err((error.to_string(), code))
}

/// Limits that are given by name.
pub(crate) fn limits(changed: Option<&BTreeMap<String, u64>>) -> PyResult<Limits> {
    let limits = changed.map(Limits::with).transpose();
    limits.map(Option::unwrap_or_default).map_err(|error| setting(error.code(), &error))
}

/// The options that settings choose, given as JSON.
pub(crate) fn options(settings: &str) -> PyResult<waypoint_xds::options::Options> {
    let settings: Settings =
        serde_json::from_str(settings).map_err(|error| setting("invalid-options", &error))?;
    settings.options().map_err(of_settings)
}

fn of_settings(error: SettingsError) -> PyErr {
    setting(error.code(), &error)
}

/// The `OSError` that Python itself would raise: `FileNotFoundError` and so on, with the file's name.
pub(crate) fn of_file(py: Python<'_>, error: &FileError) -> PyErr {
    let FileError::Io { path, source } = error else { return PyOSError::new_err(error.to_string()) };
    let Some(number) = source.raw_os_error() else { return PyOSError::new_err(error.to_string()) };
    let message = py.import("os").and_then(|os| os.call_method1("strerror", (number,)));
    match message {
        Ok(message) => PyOSError::new_err((number, message.unbind(), path.to_string_lossy().into_owned())),
        Err(error) => error,
    }
}

/// `error`, `warning` or `note`.
pub(crate) fn severity(word: &str) -> PyResult<Severity> {
    word.parse().map_err(|unknown: UnknownSeverity| setting("unknown-severity", &unknown))
}

/// Raises `InputError` if a problem is at least as bad as the severity given.
pub(crate) fn raise_for(problems: &[problem::Problem], reading: &Reading, severity: &str) -> PyResult<()> {
    let worst = self::severity(severity)?;
    let found: Vec<problem::Problem> = problems.iter().filter(|p| p.severity <= worst).cloned().collect();
    let Some(first) = found.first() else { return Ok(()) };
    let text = diagnostics::full(&found, reading.files.iter(), Colour::Never);
    let (code, place) = (first.code.id(), first.place.clone().map(Place::from));
    let found: Vec<Problem> = found.into_iter().map(Problem::from).collect();
    Err(classes::InputError::new_err((text.trim_end().to_owned(), code, place, found)))
}
