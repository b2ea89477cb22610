//! What is said of fields that no release of an API has.

use std::fmt;
use std::str::FromStr;

/// What is said of fields that no release of an API has, and the API server therefore drops. The words are
/// kubectl's (`--validate`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Validation {
    /// They are errors.
    #[default]
    Strict,
    /// They are warned of.
    Warn,
    /// Nothing.
    Ignore,
}

impl Validation {
    /// `strict`, `warn` or `ignore`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Warn => "warn",
            Self::Ignore => "ignore",
        }
    }
}

impl fmt::Display for Validation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that says nothing about validation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown validation `{0}`: expected strict, warn or ignore")]
pub struct UnknownValidation(String);

impl FromStr for Validation {
    type Err = UnknownValidation;

    fn from_str(s: &str) -> Result<Self, Self::Err> {
        match s {
            "strict" => Ok(Self::Strict),
            "warn" => Ok(Self::Warn),
            "ignore" => Ok(Self::Ignore),
            other => Err(UnknownValidation(other.to_owned())),
        }
    }
}
