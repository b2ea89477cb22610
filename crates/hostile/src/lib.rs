//! Inputs that are made to hurt, as large as wanted, and everything that can be asked of an input.
//!
//! A [`Recipe`] makes an input of a size: what it costs should grow as its size does. `cargo xtask linear`
//! counts that in instructions; the program of this crate tells it in seconds.
#![forbid(unsafe_code)]

mod ask;
mod meshes;
mod recipes;
mod texts;

pub use ask::everything;
pub use recipes::{RECIPES, Recipe};

/// The examples of the book's page about Rust, run as tests: here since this crate is not published, and so
/// finds the page.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/rust.md")]
struct Documentation;
