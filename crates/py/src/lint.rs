//! What lint is asked for.

use std::collections::BTreeMap;

use pyo3::prelude::*;
use waypoint_xds::lint::{Baseline, BaselineError, Selection, Selector};

use crate::error;
use crate::summary::from_python;

/// What is reported, and how bad it is: codes and groups, and what is different for some files and
/// namespaces.
pub(crate) fn selection(
    select: &[String],
    ignore: &[String],
    severity: &BTreeMap<String, String>,
    overrides: Option<&Bound<'_, PyAny>>,
) -> PyResult<Selection> {
    let selector =
        |word: &String| word.parse::<Selector>().map_err(|unknown| error::setting("unknown-code", &unknown));
    let selectors = |words: &[String]| words.iter().map(selector).collect::<PyResult<Vec<_>>>();
    let severity = severity.iter().map(|(code, word)| Ok((selector(code)?, error::severity(word)?)));
    Ok(Selection {
        select: selectors(select)?,
        ignore: selectors(ignore)?,
        severity: severity.collect::<PyResult<_>>()?,
        overrides: overrides.map(from_python).transpose()?.unwrap_or_default(),
        ..Selection::default()
    })
}

/// The baseline that a text is.
pub(crate) fn baseline(text: &str) -> PyResult<Baseline> {
    text.parse().map_err(|error: BaselineError| error::setting("invalid-baseline", &error))
}
