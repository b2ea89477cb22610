//! Limits on what is read, so that no input can make the reader slow or large.

use std::collections::BTreeMap;

use thiserror::Error;

/// How large an input may be. The defaults are far above what a cluster has (a mesh of 100,000 pods is read
/// as one file) and far below what hurts.
///
/// ```
/// # use waypoint_xds_model as waypoint_xds;
/// use waypoint_xds::limits::Limits;
///
/// let mut limits = Limits::DEFAULT;
/// limits.set("depth", 32)?;
/// assert_eq!(limits.depth, 32);
/// assert!(limits.set("width", 32).is_err());
/// # Ok::<(), waypoint_xds::limits::LimitNameError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// `bytes`: of one file. Offsets are kept in 32 bits, so that 4 GiB are never read.
    pub bytes: usize,
    /// `depth`: how deep mappings and sequences may nest, aliases expanded.
    pub depth: usize,
    /// `values`: how many values one document may have, aliases and merge keys expanded.
    pub values: usize,
    /// `aliases`: for each value that is written in a document, how many may come of its aliases and merge
    /// keys. Documents of fewer than 1000 values count as having 1000.
    pub aliases: usize,
    /// `problems`: how many are kept of those that reading finds; the rest is counted.
    pub problems: usize,
}

/// A limit by its name: what most it can be set to, and where it is kept.
struct Named {
    name: &'static str,
    most: usize,
    value: fn(&mut Limits) -> &mut usize,
}

/// What can be set, in the order in which it is told.
const NAMED: [Named; 5] = [
    Named { name: "bytes", most: u32::MAX as usize, value: |limits| &mut limits.bytes },
    // Whoever walks a document walks it level by level: a thread's stack has to hold so many.
    Named { name: "depth", most: 256, value: |limits| &mut limits.depth },
    Named { name: "values", most: 1 << 30, value: |limits| &mut limits.values },
    Named { name: "aliases", most: 1 << 20, value: |limits| &mut limits.aliases },
    Named { name: "problems", most: 1 << 30, value: |limits| &mut limits.problems },
];

impl Limits {
    /// The limits that are used unless somebody asks for others.
    pub const DEFAULT: Limits =
        Limits { bytes: 2 << 30, depth: 128, values: 64 << 20, aliases: 10, problems: 10_000 };

    /// What can be set, by the names that every door uses.
    pub const NAMES: [&'static str; 5] =
        [NAMED[0].name, NAMED[1].name, NAMED[2].name, NAMED[3].name, NAMED[4].name];

    /// The default limits with some of them changed, by name.
    ///
    /// # Errors
    ///
    /// As [`Limits::set`].
    pub fn with(changed: &BTreeMap<String, u64>) -> Result<Self, LimitNameError> {
        let mut limits = Self::DEFAULT;
        changed.iter().try_for_each(|(name, &value)| limits.set(name, value))?;
        Ok(limits)
    }

    /// Each limit by its name.
    pub fn named(mut self) -> impl Iterator<Item = (&'static str, usize)> {
        NAMED.iter().map(move |named| (named.name, *(named.value)(&mut self)))
    }

    /// Sets a limit by its name.
    ///
    /// # Errors
    ///
    /// [`LimitNameError`] if there is no such limit, or if it cannot be that high.
    pub fn set(&mut self, name: &str, value: u64) -> Result<(), LimitNameError> {
        let named = NAMED.iter().find(|named| named.name == name);
        let named = named.ok_or_else(|| LimitNameError::Unknown(name.to_owned()))?;
        let fits = usize::try_from(value).ok().filter(|&value| value <= named.most);
        *(named.value)(self) =
            fits.ok_or(LimitNameError::TooHigh { name: named.name, value, most: named.most })?;
        Ok(())
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Why a limit was not set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LimitNameError {
    /// There is no such limit.
    #[error("unknown limit `{0}`: expected one of {names}", names = Limits::NAMES.join(", "))]
    Unknown(String),
    /// Nothing could be read safely with it.
    #[error("limit `{name}`: expected at most {most}, found {value}")]
    TooHigh {
        /// The limit's name.
        name: &'static str,
        /// What was asked for.
        value: u64,
        /// The most that it can be set to.
        most: usize,
    },
}

impl LimitNameError {
    /// What sort of error it is. Scripts may depend on it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unknown(_) => "unknown-limit",
            Self::TooHigh { .. } => "invalid-limit",
        }
    }
}

/// A limit that an input exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LimitError {
    /// The file has too many bytes.
    #[error("the file has more bytes than the limit of {limit}")]
    FileTooLarge {
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
    /// Too many of the document's values come of aliases and merge keys.
    #[error("aliases and merge keys stand for more than {limit} values, of a document with {written} so far")]
    TooManyAliases {
        /// How many may come of them in a document of this size.
        limit: usize,
        /// Values written up to there.
        written: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_is_set_by_its_name() {
        let changed = (10..).zip(Limits::NAMES).map(|(value, name)| (name.to_owned(), value)).collect();
        let expected = Limits { bytes: 10, depth: 11, values: 12, aliases: 13, problems: 14 };
        assert_eq!(Limits::with(&changed), Ok(expected));
        assert!(expected.named().eq(Limits::NAMES.into_iter().zip(10..)));
    }

    #[test]
    fn no_limit_can_be_set_higher_than_what_is_safe() {
        for named in NAMED {
            let mut limits = Limits::DEFAULT;
            assert!(*(named.value)(&mut limits) <= named.most, "{}", named.name);
            assert!(limits.set(named.name, named.most as u64).is_ok(), "{}", named.name);
            let error = limits.set(named.name, u64::MAX).unwrap_err().to_string();
            assert!(error.contains(&format!("expected at most {}", named.most)), "{error}");
        }
    }

    #[test]
    fn an_unknown_name_says_which_there_are() {
        let error = Limits::DEFAULT.clone().set("width", 1).unwrap_err().to_string();
        assert_eq!(error, "unknown limit `width`: expected one of bytes, depth, values, aliases, problems");
    }
}
