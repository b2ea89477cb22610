//! Limits on what is read, so that no input can make the reader slow or large.

use thiserror::Error;

/// How large an input may be. The defaults are far above what a cluster has and far below what hurts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of one file. Offsets are kept in 32 bits, so that more than 4 GiB is never read.
    pub file_bytes: usize,
    /// How deep mappings and sequences may nest.
    pub depth: usize,
    /// How many values one document may have, aliases and merge keys expanded.
    pub nodes: usize,
    /// How many problems are kept; the rest is counted.
    pub problems: usize,
}

impl Limits {
    /// The limits that are used unless somebody asks for others.
    pub const DEFAULT: Limits = Limits { file_bytes: 1 << 30, depth: 128, nodes: 64 << 20, problems: 10_000 };

    /// The same limits with another depth.
    #[must_use]
    pub const fn with_depth(mut self, depth: usize) -> Self {
        self.depth = depth;
        self
    }

    /// The same limits with another number of values in a document.
    #[must_use]
    pub const fn with_nodes(mut self, nodes: usize) -> Self {
        self.nodes = nodes;
        self
    }

    /// The same limits with another file size.
    #[must_use]
    pub const fn with_file_bytes(mut self, bytes: usize) -> Self {
        self.file_bytes = bytes;
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A limit that an input exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LimitError {
    /// The file has too many bytes.
    #[error("the file has {found} bytes, more than the limit of {limit}")]
    FileTooLarge {
        /// The file's bytes.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// Mappings and sequences nest too deep.
    #[error("nested deeper than the limit of {limit} levels")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// The document has too many values.
    #[error("more than {limit} values, aliases and merge keys expanded")]
    TooManyNodes {
        /// The limit.
        limit: usize,
    },
}
