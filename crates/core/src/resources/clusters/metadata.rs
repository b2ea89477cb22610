//! What clusters say about the Service and the rule that they come from; telemetry and tools read it.

use std::borrow::Cow;

use envoy::Encoded;
use envoy::config::core::v3::Metadata;
use envoy::google::protobuf::Struct;

use super::baggage::PEER_METADATA;
use super::draft::display_name;
use crate::mesh::Service;
use crate::mesh::destination_rule::MergedRule;
use crate::resources::istio_metadata::{ISTIO, config};

/// The length that metadata usually doesn't exceed, in bytes.
const USUAL_LENGTH: usize = 320;

/// What a cluster says.
#[derive(Clone, Debug, Default)]
pub(super) struct Known<'m> {
    /// Whether clients may not say in ALPN that they speak Istio's mTLS.
    pub(super) keeps_alpn: bool,
    /// The DestinationRule that was applied, and the version of the API that it is named in.
    pub(super) rule: Option<(&'m MergedRule, &'static str)>,
    /// Whether peers don't exchange metadata.
    pub(super) disable_mx: bool,
    /// Whether nothing is learned of peers, since connections to them hide it.
    pub(super) hides_baggage: bool,
    /// Whether the destination is not part of the mesh.
    pub(super) external: bool,
    /// The Service that it leads to.
    pub(super) service: Option<&'m Service>,
    /// The subset.
    pub(super) subset: Option<Cow<'m, str>>,
}

impl Known<'_> {
    /// All that is known, if anything is.
    pub(super) fn metadata(&self) -> Option<Metadata> {
        if self.says_nothing_else() && !self.hides_baggage {
            return None;
        }
        let mut metadata = Encoded::with_capacity(USUAL_LENGTH);
        if !self.says_nothing_else() {
            metadata.filter(ISTIO, |fields| self.write(fields));
        }
        if self.hides_baggage {
            metadata.filter(PEER_METADATA, |fields| fields.field_bool("disable_baggage_discovery", true));
        }
        Some(metadata.into())
    }

    fn says_nothing_else(&self) -> bool {
        let Self { keeps_alpn, rule, disable_mx, external, service, subset, hides_baggage: _ } = self;
        !(*keeps_alpn || *disable_mx || *external) && rule.is_none() && service.is_none() && subset.is_none()
    }

    /// In the order of the names.
    fn write(&self, istio: &mut Encoded<Struct>) {
        if self.keeps_alpn {
            istio.field_text("alpn_override", &["false"]);
        }
        if let Some((MergedRule { namespace, name, .. }, version)) = self.rule {
            istio.field_text("config", &config(version, namespace, "destination-rule", name));
        }
        if self.disable_mx {
            istio.field_bool("disable_mx", true);
        }
        if self.external {
            istio.field_bool("external", true);
        }
        if let Some(service) = self.service {
            istio.field_list("services", |fields| {
                fields.field_text("host", &[&service.hostname]);
                fields.field_text("name", &[display_name(service)]);
                fields.field_text("namespace", &[&service.namespace]);
            });
        }
        if let Some(subset) = &self.subset {
            istio.field_text("subset", &[subset]);
        }
    }
}
