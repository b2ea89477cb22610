//! What can go wrong around a waypoint.

use std::path::{Path, PathBuf};

use crate::client::Failure;
use crate::identity::NotAnIdentity;
use crate::loopback::NotLoopback;

/// A result of this crate.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong around a waypoint.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An address outside 127.0.0.0/8.
    #[error(transparent)]
    NotLoopback(#[from] NotLoopback),
    /// A malformed SPIFFE identity.
    #[error(transparent)]
    Identity(#[from] NotAnIdentity),
    /// A request without a response.
    #[error(transparent)]
    Request(#[from] Failure),
    /// A file that cannot be read or written.
    #[error("`{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A socket or process that does not start.
    #[error("{what}: {source}")]
    Start {
        /// What should have started.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// A certificate that cannot be made or read.
    #[error("certificates: {0}")]
    Certificate(String),
    /// A configuration with which an Envoy could reach another machine.
    #[error("this configuration leaves 127.0.0.0/8:\n{}", .0.join("\n"))]
    LeavesMachine(Vec<String>),
    /// An Envoy that stops, or never becomes ready.
    #[error("envoy {why}; the end of its log:\n{log}")]
    Envoy {
        /// What happened.
        why: String,
        /// The end of its log.
        log: String,
    },
    /// A configuration, or an answer of the admin interface, that does not have what is looked for.
    #[error("no {0}")]
    Missing(String),
    /// Text that is not JSON.
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
}

impl Error {
    /// For `map_err` on what reads or writes a file.
    pub(crate) fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }

    /// For `map_err` on what starts something.
    pub(crate) fn start(what: impl ToString) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.to_string();
        move |source| Self::Start { what, source }
    }
}

impl From<rcgen::Error> for Error {
    fn from(error: rcgen::Error) -> Self {
        Self::Certificate(error.to_string())
    }
}

impl From<tokio_rustls::rustls::Error> for Error {
    fn from(error: tokio_rustls::rustls::Error) -> Self {
        Self::Certificate(error.to_string())
    }
}
