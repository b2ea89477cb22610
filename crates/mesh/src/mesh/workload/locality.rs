//! Where a workload runs.

use super::Locality;
use crate::Str;
use crate::snapshot::Labels;
use crate::well_known::{REGION, SUB_ZONE, ZONE};

/// Labels that name a workload's locality, the preferred one first; the first is known since 1.24.
const LOCALITY_LABELS: [&str; 2] = ["topology.istio.io/locality", "istio-locality"];

impl Locality {
    /// Where something runs that nothing is known of.
    pub(crate) const UNKNOWN: Self = Self {
        text: Str::new_static(""),
        region: Str::new_static(""),
        zone: Str::new_static(""),
        sub_zone: Str::new_static(""),
    };

    /// Reads `region/zone/subzone`; what is behind that names no place.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split('/').map(Str::new);
        let mut next = || parts.next().unwrap_or_default();
        Self { text: Str::new(text), region: next(), zone: next(), sub_zone: next() }
    }

    /// The place that these name.
    #[must_use]
    pub fn new(region: Str, zone: Str, sub_zone: Str) -> Self {
        let is_unknown = region.is_empty() && zone.is_empty() && sub_zone.is_empty();
        let text = if is_unknown { Str::default() } else { format!("{region}/{zone}/{sub_zone}").into() };
        Self { text, region, zone, sub_zone }
    }

    /// The text that names it, by which localities are told apart and put in order.
    pub(crate) const fn text(&self) -> &Str {
        &self.text
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.region.is_empty() && self.zone.is_empty() && self.sub_zone.is_empty()
    }

    /// The locality that a label of the workload itself names. It may be written with dots: a label has no
    /// slashes.
    pub fn of_labels(labels: &Labels, knows_topology_label: bool) -> Option<Self> {
        let [topology, istio] = LOCALITY_LABELS.map(|key| labels.get(key));
        let value = topology.filter(|_| knows_topology_label).or(istio).filter(|value| !value.is_empty())?;
        Some(if value.contains('/') { Self::parse(value) } else { Self::parse(&value.replace('.', "/")) })
    }

    /// The locality that a Node's labels name, the old ones too.
    pub(crate) fn of_node(labels: &Labels) -> Self {
        let label = |keys: [&str; 2]| {
            let mut values = keys.into_iter().filter_map(|key| labels.get(key));
            values.find(|value| !value.is_empty()).cloned().unwrap_or_default()
        };
        Self::new(
            label([REGION, "failure-domain.beta.kubernetes.io/region"]),
            label([ZONE, "failure-domain.beta.kubernetes.io/zone"]),
            labels.get(SUB_ZONE).cloned().unwrap_or_default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs.iter().map(|(k, v)| (Str::new(k), Str::new(v))).collect()
    }

    #[test]
    fn labels_write_dots_for_slashes() {
        let dotted = Locality::of_labels(&labels(&[("istio-locality", "r.z.s")]), false);
        assert_eq!(dotted, Some(Locality::parse("r/z/s")));
        let slashed = Locality::of_labels(&labels(&[("istio-locality", "eu.west/z")]), false);
        assert_eq!(slashed.map(|l| l.region), Some("eu.west".into()));
        let both = labels(&[("istio-locality", "a"), ("topology.istio.io/locality", "b")]);
        assert_eq!(Locality::of_labels(&both, true), Some(Locality::parse("b")));
        assert_eq!(Locality::of_labels(&both, false), Some(Locality::parse("a")));
    }

    #[test]
    fn nodes_fall_back_to_beta_labels() {
        let node = labels(&[
            ("topology.kubernetes.io/region", "r"),
            ("failure-domain.beta.kubernetes.io/zone", "z"),
        ]);
        assert_eq!(Locality::of_node(&node), Locality::parse("r/z/"));
        assert!(Locality::of_node(&Labels::new()).is_unknown());
    }
}
