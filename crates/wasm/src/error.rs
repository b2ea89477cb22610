//! Errors as JavaScript has them: objects of the class `WaypointXdsError`, never bare strings.

use wasm_bindgen::prelude::*;
use waypoint_xds::options::SettingsError;

#[wasm_bindgen(raw_module = "../error.js")]
extern "C" {
    /// The package's class of errors.
    #[wasm_bindgen(js_name = WaypointXdsError)]
    #[derive(Debug)]
    pub type Error;

    #[wasm_bindgen(static_method_of = Error, js_class = "WaypointXdsError", js_name = of)]
    fn of(code: &str, message: &str) -> Error;
}

impl Error {
    /// An error with a stable code.
    pub(crate) fn new(code: &str, error: &dyn std::fmt::Display) -> Self {
        Self::of(code, &error.to_string())
    }
}

impl From<SettingsError> for Error {
    fn from(error: SettingsError) -> Self {
        Self::new(error.code(), &error)
    }
}

/// Makes a panic, which would be a mistake of ours, an error that says where it was.
#[wasm_bindgen(start)]
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        wasm_bindgen::throw_val(Error::new("internal-error", panic).into())
    }));
}
