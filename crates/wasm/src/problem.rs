//! What problems mean.

use wasm_bindgen::prelude::*;
use waypoint_xds::problem::{Code, UnknownCode};

use crate::error::Error;

/// What a problem's code means and what to do about it.
///
/// # Errors
///
/// When there is no such code.
#[wasm_bindgen]
pub fn explain(code: &str) -> Result<String, Error> {
    let code: Code = code.parse().map_err(|unknown: UnknownCode| Error::new("unknown-code", &unknown))?;
    Ok(code.explanation().to_owned())
}
