//! The exact version of an Istio: of a control plane, or of a proxy.

use std::fmt;

use crate::Str;

/// Suffixes of image tags that name a type of image, which is no part of the version.
const IMAGE_TYPES: [&str; 2] = ["-distroless", "-debug"];
/// What a number that is not there counts as: newer than any.
const NEWEST: u32 = 65_535;

/// The version of a proxy, `1.29.1`: what Istio compares when it asks what a proxy understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    text: Str,
    numbers: Since,
}

/// The first version that understands something: major, minor, patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Since(pub u32, pub u32, pub u32);

impl Version {
    /// A version as a proxy announces it. As for Istio, what is no version is newer than any, and one without
    /// a patch is the last of its release.
    #[must_use]
    pub fn new(text: impl Into<Str>) -> Self {
        let text = text.into();
        let numbers = numbers(&text).unwrap_or(Since(NEWEST, NEWEST, NEWEST));
        Self { text, numbers }
    }

    /// The version that a name of a release or the tag of an image says exactly, with its patch:
    /// `istio-1.29.1`, `1.29.1-distroless`.
    #[must_use]
    pub fn exact(name: &str) -> Option<Self> {
        let name = name.strip_prefix("istio-").unwrap_or(name);
        let name = name.strip_prefix('v').unwrap_or(name);
        let text = IMAGE_TYPES.iter().find_map(|kind| name.strip_suffix(kind)).unwrap_or(name);
        let (number, _build) = text.split_once('-').unwrap_or((text, ""));
        let parts: Vec<&str> = number.split('.').collect();
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        (parts.len() == 3 && parts.iter().all(is_number)).then(|| Self::new(text))
    }

    /// The version that an image's tag says exactly.
    #[must_use]
    pub fn of_image(image: &str) -> Option<Self> {
        Self::exact(tag(image)?)
    }

    /// The version as the proxy announces it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is this version or a newer one.
    #[must_use]
    pub fn is_since(&self, version: Since) -> bool {
        self.numbers >= version
    }
}

impl Default for Version {
    /// One that nobody knows: newer than any.
    fn default() -> Self {
        Self::new("")
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The tag of an image. A digest may follow it; a registry's port comes before the last slash.
#[must_use]
pub fn tag(image: &str) -> Option<&str> {
    let name = image.split('@').next()?.rsplit('/').next()?;
    name.split_once(':').map(|(_, tag)| tag)
}

/// The numbers that a version starts with. An accident: one whose major number has a zero in it is none.
fn numbers(text: &str) -> Option<Since> {
    let text = text.strip_prefix("release-").unwrap_or(text);
    let (major, rest) = number(text)?;
    let (minor, rest) = number(rest.strip_prefix('.')?)?;
    let patch = rest.strip_prefix('.').and_then(number).map_or(NEWEST, |(patch, _)| patch);
    let digits = text.split('.').next().unwrap_or_default();
    (!digits.contains('0')).then_some(Since(major, minor, patch))
}

/// The number at the start of a text, and what follows it.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end)?;
    // More than fits is newer than any.
    (!digits.is_empty()).then(|| (digits.parse().unwrap_or(u32::MAX), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_istio_does() {
        let since = Since(1, 29, 2);
        for newer in
            ["1.29.2", "1.29.10-rc.1", "1.30.0", "1.29", "1.29-alpha.7f", "2.0.0", "unknown", "", "10.1.1"]
        {
            assert!(Version::new(newer).is_since(since), "{newer}");
        }
        for older in ["1.29.1", "1.29.0-rc.1", "1.28.9", "1.28", "release-1.28.3", "1.3.99"] {
            assert!(!Version::new(older).is_since(since), "{older}");
        }
    }

    #[test]
    fn a_tag_says_a_version_only_with_its_patch() {
        let exact = |tag| Version::exact(tag).map(|version| version.to_string());
        assert_eq!(exact("1.29.1").as_deref(), Some("1.29.1"));
        assert_eq!(exact("v1.29.1-distroless").as_deref(), Some("1.29.1"));
        assert_eq!(exact("istio-1.30.0-rc.1-debug").as_deref(), Some("1.30.0-rc.1"));
        for vague in ["1.29", "1.29-alpha.7f", "latest", "", "1.29.x", "1.2.3.4", "mine-1.29.1"] {
            assert_eq!(exact(vague), None, "{vague}");
        }
        let image = Version::of_image("reg.example:5000/istio/proxyv2:1.28.3-distroless@sha256:ab");
        assert_eq!(image.map(|version| version.to_string()).as_deref(), Some("1.28.3"));
        assert_eq!(Version::of_image("reg.example:5000/istio/proxyv2"), None);
    }
}
