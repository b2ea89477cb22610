//! The notation of values in policies: `*` is anything, `*x` a suffix, `x*` a prefix, anything else is exact.

pub(super) use crate::resources::authz::Pattern;

impl<'v> Pattern<'v> {
    /// What is compared as it stands: the value without the stars that are wildcards.
    pub(super) fn literal(self) -> &'v str {
        match self {
            Self::Present => "",
            Self::Suffix(text) | Self::Prefix(text) | Self::Exact(text) => text,
        }
    }

    /// Whether a text fits.
    pub(super) fn fits(self, text: &str) -> bool {
        match self {
            Self::Present => !text.is_empty(),
            Self::Suffix(suffix) => text.ends_with(suffix),
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::Exact(exact) => text == exact,
        }
    }

    /// Whether every text that fits this one certainly fits another one.
    pub(super) fn is_within(self, other: Self) -> bool {
        match (self, other) {
            (Self::Exact(text), other) => other.fits(text),
            (Self::Present, Self::Present) => true,
            (Self::Prefix(text) | Self::Suffix(text), Self::Present) => !text.is_empty(),
            (Self::Prefix(this), Self::Prefix(other)) => this.starts_with(other),
            (Self::Suffix(this), Self::Suffix(other)) => this.ends_with(other),
            _ => false,
        }
    }

    /// Whether certainly no text fits both.
    pub(super) fn excludes(self, other: Self) -> bool {
        match (self, other) {
            (Self::Exact(text), pattern) | (pattern, Self::Exact(text)) => !pattern.fits(text),
            (Self::Prefix(this), Self::Prefix(other)) => !this.starts_with(other) && !other.starts_with(this),
            (Self::Suffix(this), Self::Suffix(other)) => !this.ends_with(other) && !other.ends_with(this),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn patterns_are_within_others() {
        let within = |one, other| Pattern::of(one).is_within(Pattern::of(other));
        assert!(within("a", "a") && within("ab", "a*") && within("ab*", "a*") && within("*ba", "*a"));
        assert!(within("a", "*") && within("a*", "*") && within("*", "*"));
        assert!(!within("*", "a*") && !within("a*", "*a") && !within("", "*"));
    }

    #[test]
    fn patterns_exclude_others() {
        let excludes = |one, other| Pattern::of(one).excludes(Pattern::of(other));
        assert!(excludes("a", "b") && excludes("a*", "b*") && excludes("*a", "b"));
        assert!(!excludes("a*", "ab*") && !excludes("a*", "*b") && !excludes("*", "b"));
    }
}
