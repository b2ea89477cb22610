//! The types of feature flags, and how Istio reads each from its environment.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::Str;
use crate::release::Release;
use crate::snapshot::Duration;
use crate::strings;

/// A type of flags.
pub(super) trait Value: Sized {
    /// What is expected.
    const EXPECTED: &'static str;

    /// Reads a value as Istio does.
    fn parse(text: &str) -> Option<Self>;

    /// Whether a release that knows the flag knows this value of it.
    fn is_known(&self, _release: Release) -> bool {
        true
    }
}

/// As Go's `strconv.ParseBool`.
impl Value for bool {
    const EXPECTED: &'static str = "`true` or `false`";

    fn parse(text: &str) -> Option<Self> {
        strings::go_bool(text)
    }
}

/// What is switched on wherever there are waypoints.
pub(super) struct Needed;

impl Value for Needed {
    const EXPECTED: &'static str = "`true`, without which there are no waypoints";

    fn parse(text: &str) -> Option<Self> {
        (strings::go_bool(text) == Some(true)).then_some(Self)
    }
}

/// Any text, even none.
impl Value for Str {
    const EXPECTED: &'static str = "a text";

    fn parse(text: &str) -> Option<Self> {
        Some(text.into())
    }
}

/// Names, separated by commas.
impl Value for BTreeSet<Str> {
    const EXPECTED: &'static str = "names, separated by commas";

    fn parse(text: &str) -> Option<Self> {
        Some(if text.is_empty() { Self::new() } else { text.split(',').map(Str::from).collect() })
    }
}

/// Addresses that start with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix<Ip> {
    /// The address as it is given.
    pub address: Ip,
    /// The number of bits.
    pub length: u8,
}

impl<Ip> Prefix<Ip> {
    pub(super) const fn new(address: Ip, length: u8) -> Self {
        Self { address, length }
    }

    /// As Go's `netip.ParsePrefix`.
    fn read(text: &str, longest: u8) -> Option<Self>
    where
        Ip: FromStr,
    {
        let (address, length) = text.split_once('/')?;
        let canonical = length == "0" || !length.starts_with(['0', '+']);
        let length = length.parse().ok().filter(|length| canonical && *length <= longest)?;
        Some(Self::new(address.parse().ok()?, length))
    }
}

impl Value for Prefix<Ipv4Addr> {
    const EXPECTED: &'static str = "a range of addresses, such as `240.240.0.0/16`";

    fn parse(text: &str) -> Option<Self> {
        Self::read(text, 32)
    }
}

impl Value for Prefix<Ipv6Addr> {
    const EXPECTED: &'static str = "a range of addresses, such as `2001:2::/48`";

    fn parse(text: &str) -> Option<Self> {
        Self::read(text, 128)
    }
}

/// Istio reads unsigned numbers as JSON.
impl Value for u32 {
    const EXPECTED: &'static str = "a whole number from 0 to 4294967295";

    fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// As Go's `strconv.ParseInt`.
impl Value for i64 {
    const EXPECTED: &'static str = "a whole number";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// A percentage.
impl Value for f64 {
    const EXPECTED: &'static str = "a number from 0 to 100";

    fn parse(text: &str) -> Option<Self> {
        text.parse().ok().filter(|percentage| (0.0..=100.0).contains(percentage))
    }
}

/// As Go's `time.ParseDuration`.
impl Value for Duration {
    const EXPECTED: &'static str = "a duration, such as `100ms`";

    fn parse(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }
}

impl Value for CompliancePolicy {
    const EXPECTED: &'static str = "`fips-140-2`, `fips-140-3`, `pqc` or nothing";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "" => Some(Self::None),
            "fips-140-2" => Some(Self::Fips140_2),
            "fips-140-3" => Some(Self::Fips140_3),
            "pqc" => Some(Self::Pqc),
            _ => None,
        }
    }

    fn is_known(&self, release: Release) -> bool {
        *self != Self::Fips140_3 || release >= Release::V1_31
    }
}

/// Who fetches the keys of tokens from their `jwksUri`. Who asks has to know all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JwksFetch {
    /// `istiod` or `false`: the control plane.
    #[default]
    Istiod,
    /// `hybrid` or `true`: the proxy where the mesh has a Service of that host, else the control plane.
    Hybrid,
    /// `envoy`: the proxy.
    Envoy,
}

impl Value for JwksFetch {
    const EXPECTED: &'static str = "`istiod`, `hybrid` or `envoy`";

    fn parse(text: &str) -> Option<Self> {
        match text {
            "istiod" | "false" => Some(Self::Istiod),
            "hybrid" | "true" => Some(Self::Hybrid),
            "envoy" => Some(Self::Envoy),
            _ => None,
        }
    }
}

/// What TLS has to be restricted to. Who enforces it has to know all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CompliancePolicy {
    /// Nothing.
    #[default]
    None,
    /// `fips-140-2`: TLS 1.2 with ciphers of that standard.
    Fips140_2,
    /// `fips-140-3`: what Envoy enforces as `FIPS_202205`.
    Fips140_3,
    /// `pqc`: TLS 1.3 with a key exchange that quantum computers do not break.
    Pqc,
}
