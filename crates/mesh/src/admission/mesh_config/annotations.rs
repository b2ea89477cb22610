//! What the agents of pods make of the annotation `proxy.istio.io/config`.

use std::collections::BTreeMap;

use super::{Checked, proxy_config, read};
use crate::Str;
use crate::options::Options;
use crate::snapshot::Snapshot;
use crate::snapshot::mesh_config::ProxyConfig;

/// The annotation of a pod that holds a ProxyConfig, in YAML.
pub(crate) const OF_POD: &str = "proxy.istio.io/config";

/// The ProxyConfigs in annotations of a snapshot's Pods, and of its Gateways, whose pods get theirs: by their
/// text, since most pods that have one have the same.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ProxyAnnotations {
    by_text: BTreeMap<Str, Checked<ProxyConfig>>,
}

impl ProxyAnnotations {
    /// Reads them all.
    pub(crate) fn new(snapshot: &Snapshot, options: &Options) -> Self {
        let of_pods = snapshot.pods.iter().map(|pod| &pod.meta.annotations);
        let of_gateways = snapshot.gateways.iter().flat_map(|gateway| {
            let of_infrastructure = gateway.spec.infrastructure.iter().map(|i| &i.annotations);
            of_infrastructure.chain([&gateway.meta.annotations])
        });
        let mut by_text = BTreeMap::new();
        for text in of_pods.chain(of_gateways).filter_map(|annotations| annotations.get(OF_POD)) {
            if !by_text.contains_key(text) {
                by_text.insert(text.clone(), checked(text, options));
            }
        }
        Self { by_text }
    }

    /// What is in an annotation of the snapshot.
    pub(crate) fn get(&self, text: &str) -> Option<&Checked<ProxyConfig>> {
        self.by_text.get(text)
    }
}

fn checked(text: &str, options: &Options) -> Checked<ProxyConfig> {
    match read::proxy_config(text, &options.limits) {
        Ok(config) => proxy_config(config, options.rules()),
        Err(problem) => Checked { config: None, problems: vec![*problem] },
    }
}
