//! What clusters say about the Service and the rule that they come from.

use envoy::ObjectWriter;
use envoy::config::core::v3::Metadata;

use super::baggage::PEER_METADATA;
use crate::mesh::destination_rule::MergedRule;
use crate::plan::clusters::metadata::ClusterMetadata;
use crate::resources::istio_metadata::{ISTIO, config};

/// The length that metadata usually doesn't exceed, in bytes.
const USUAL_LENGTH: usize = 320;

/// All that a cluster says, if it says anything; `version` is that of the API in which rules are named.
pub(super) fn metadata(said: &ClusterMetadata<'_>, version: &str) -> Option<Metadata> {
    let silent = says_nothing_else(said);
    if silent && !said.hides_baggage {
        return None;
    }
    let mut metadata = Metadata::with_capacity(USUAL_LENGTH);
    if !silent {
        metadata.write(ISTIO, |istio| write(said, version, istio));
    }
    if said.hides_baggage {
        metadata.write(PEER_METADATA, |peer| peer.bool("disable_baggage_discovery", true));
    }
    Some(metadata)
}

fn says_nothing_else(said: &ClusterMetadata<'_>) -> bool {
    // Where the ALPN is kept, there is a rule.
    let ClusterMetadata { keeps_alpn: _, rule, disable_mx, external, service, subset, hides_baggage: _ } =
        said;
    !(*disable_mx || *external) && rule.is_none() && service.is_none() && subset.is_none()
}

fn write(said: &ClusterMetadata<'_>, version: &str, istio: &mut ObjectWriter<'_>) {
    if said.keeps_alpn {
        istio.text("alpn_override", &["false"]);
    }
    if let Some(MergedRule { namespace, name, .. }) = said.rule {
        istio.text("config", &config(version, namespace, "destination-rule", name));
    }
    if said.disable_mx {
        istio.bool("disable_mx", true);
    }
    if said.external {
        istio.bool("external", true);
    }
    if let Some(service) = said.service {
        istio.list("services", |fields| {
            fields.text("host", &[&service.hostname]);
            fields.text("name", &[&service.name]);
            fields.text("namespace", &[&service.namespace]);
        });
    }
    if let Some(subset) = &said.subset {
        istio.text("subset", &[subset]);
    }
}
