//! Which Envoy is spoken to. What that changes is the matter of the step `dialect`.

use std::fmt;
use std::str::FromStr;

/// Which Envoy is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dialect {
    /// Istio's build of Envoy: exactly what Istio's control plane sends.
    #[default]
    IstioProxy,
    /// An upstream Envoy: the same behaviour without Istio's own extensions.
    Envoy,
}

impl Dialect {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::IstioProxy, Self::Envoy];

    /// `istio-proxy` or `envoy`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IstioProxy => "istio-proxy",
            Self::Envoy => "envoy",
        }
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no dialect's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown dialect `{0}`: expected istio-proxy or envoy")]
pub struct UnknownDialect(pub String);

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(word: &str) -> Result<Self, UnknownDialect> {
        let mut all = Self::ALL.iter().copied();
        all.find(|dialect| dialect.as_str() == word).ok_or_else(|| UnknownDialect(word.to_owned()))
    }
}
