//! Where a workload runs.

use super::Locality;
use crate::Str;
use crate::snapshot::Labels;

/// Labels that name a workload's locality, the preferred one first; the first is known since 1.24.
const LOCALITY_LABELS: [&str; 2] = ["topology.istio.io/locality", "istio-locality"];

impl Locality {
    /// Reads `region/zone/subzone`; what is behind that is dropped.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split('/').map(Str::new);
        let mut next = || parts.next().unwrap_or_default();
        Self { region: next(), zone: next(), sub_zone: next() }
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
        Self {
            region: label(["topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"]),
            zone: label(["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"]),
            sub_zone: labels.get("topology.istio.io/subzone").cloned().unwrap_or_default(),
        }
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
        assert_eq!(Locality::of_node(&node), Locality::parse("r/z"));
        assert!(Locality::of_node(&Labels::new()).is_unknown());
    }
}
