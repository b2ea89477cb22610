//! How things are printed. Nothing here decides anything.

pub mod diagnostics;
mod excerpt;
