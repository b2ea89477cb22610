//! Whether two ways of deciding about the same things are the same, and what tells them apart.
//!
//! What decides looks at a few attributes (a path, a method, an address) and asks a few things of each: does
//! the path begin with `/admin`, is the address in `10.0.0.0/8`? All that is asked of an attribute cuts its
//! values into finitely many *classes*: the values of a class get the same answer to everything. So a
//! decision is a function of classes, and that is written down exactly, as a diagram. Two diagrams are
//! compared node by node: what differs is a set of classes for each attribute, and each class has an example.
//!
//! | module | has |
//! |---|---|
//! | [`text`] | the classes of texts: exact, prefix, suffix, part, regular expressions |
//! | [`address`] | the classes of addresses: blocks |
//! | [`diagram`] | conditions and decisions on classes |
//! | [`cover`] | the fewest rows that say what a condition holds for |
//!
//! Nothing here knows what the attributes are. Everything is bounded: what takes more than its [`Limits`] is
//! an error, and never a wrong answer.
//!
//! ```
//! use decisions::{Diagrams, Limits, text::{Domain, Pattern, Texts}};
//!
//! let limits = Limits::default();
//! let paths = Texts::new(&Domain::new("/.*"), &[Pattern::prefix("/admin"), Pattern::exact("/admin/login")], &limits)?;
//! let mut diagrams = Diagrams::new(vec![paths.len()], &limits);
//! let admin = diagrams.test(0, paths.fitting(0))?;
//! let login = diagrams.test(0, paths.fitting(1))?;
//! let old = diagrams.not(admin)?;
//! let not_login = diagrams.not(login)?;
//! let denied = diagrams.and(admin, not_login)?;
//! let new = diagrams.not(denied)?;
//!
//! let differs = diagrams.differ(old, new)?;
//! let cover = diagrams.cover(differs, 10)?;
//! let class = cover.cubes[0].classes(0).and_then(|classes| classes.ones().next()).unwrap();
//! assert_eq!(paths.example(class), "/admin/login");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub mod address;
pub mod cover;
pub mod diagram;
mod hash;
mod limits;
pub mod text;

pub use cover::{Cover, Cube};
pub use diagram::{Condition, Decision, Diagrams};
pub use limits::{Limits, TooMuch};

/// Classes of an attribute's values, by their positions.
pub type ClassSet = fixedbitset::FixedBitSet;
