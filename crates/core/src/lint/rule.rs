//! What a rule is.

use super::Context;
use crate::problem::{Code, Problem};
use crate::release::Release;

/// A rule: what it finds, and where it is explained.
#[derive(Debug)]
#[non_exhaustive]
pub struct Rule {
    /// The code of what it finds: its name, its group and its severity.
    pub code: Code,
    /// The releases in which it holds.
    pub releases: Releases,
    /// The codes of `istioctl analyze` for the same fault (`IST0101`).
    pub analyze: &'static [&'static str],
    /// What was found before the rules run and what it says better, or once instead of many times.
    pub replaces: &'static [Code],
    /// Its page: what it finds, why that matters, a wrong and a right snapshot. Markdown.
    pub page: &'static str,
    /// Finds it.
    pub(crate) check: fn(&Context<'_>) -> Vec<Problem>,
}

impl Rule {
    /// A rule for every release that replaces nothing.
    pub(super) const fn new(code: Code, page: &'static str, check: fn(&Context<'_>) -> Vec<Problem>) -> Self {
        Self { code, releases: Releases::All, analyze: &[], replaces: &[], page, check }
    }

    /// The first line of its page: what is wrong, in a few words.
    #[must_use]
    pub fn title(&self) -> &'static str {
        let line = self.page.lines().next().unwrap_or_default();
        line.trim_start_matches("# ")
    }
}

/// The releases in which a rule holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Releases {
    /// All.
    All,
    /// This one and later ones.
    Since(Release),
    /// This one and earlier ones.
    Until(Release),
}

impl Releases {
    /// Whether a release is one of them.
    #[must_use]
    pub fn contain(self, release: Release) -> bool {
        match self {
            Self::All => true,
            Self::Since(first) => first <= release,
            Self::Until(last) => release <= last,
        }
    }
}
