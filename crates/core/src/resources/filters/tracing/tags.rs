//! The tags of spans.

use envoy::r#type::metadata::v3::metadata_key::{PathSegment, path_segment::Segment};
use envoy::r#type::metadata::v3::metadata_kind::{Kind, Request};
use envoy::r#type::metadata::v3::{MetadataKey, MetadataKind};
use envoy::r#type::tracing::v3::CustomTag;
use envoy::r#type::tracing::v3::custom_tag::{Environment, Header, Literal, Metadata, Type};

use crate::Str;
use crate::plan::WaypointSettings;
use crate::plan::telemetry::Tracing;
use crate::snapshot::telemetry::{self, CustomTag as Given};

/// What dry runs of authorization leave in the metadata of a request, and the tags that show it.
const DRY_RUN: [(&str, &str); 4] = [
    ("istio.authorization.dry_run.allow_policy.name", "istio_dry_run_allow_shadow_effective_policy_id"),
    ("istio.authorization.dry_run.allow_policy.result", "istio_dry_run_allow_shadow_engine_result"),
    ("istio.authorization.dry_run.deny_policy.name", "istio_dry_run_deny_shadow_effective_policy_id"),
    ("istio.authorization.dry_run.deny_policy.result", "istio_dry_run_deny_shadow_engine_result"),
];

/// What is known of a peer, as tags and as fields of its object in the filter state.
const PEER: [(&str, &str); 9] = [
    ("app", "app"),
    ("app_version", "version"),
    ("canonical_revision", "revision"),
    ("canonical_service", "service"),
    ("cluster_id", "cluster"),
    ("instance_name", "name"),
    ("namespace", "namespace"),
    ("workload", "workload"),
    ("workload_type", "type"),
];

/// The tags of a waypoint's spans, by name.
pub(super) fn of(settings: &WaypointSettings<'_>, tracing: &Tracing<'_>) -> Vec<CustomTag> {
    let mut tags = Vec::new();
    if tracing.istio_tags && settings.features.pilot_enable_istio_tags {
        tags.extend(DRY_RUN.into_iter().map(|(name, key)| dry_run(name, key)));
        tags.extend(own(settings));
    }
    if settings.rules.tracing.peer_tags {
        for (side, object) in [("destination", "upstream_peer_obj"), ("source", "downstream_peer_obj")] {
            tags.extend(PEER.into_iter().map(|(name, field)| {
                tag(
                    format!("istio.{side}_{name}"),
                    Type::Value(format!("%FILTER_STATE({object}:FIELD:{field})%")),
                )
            }));
        }
    }
    let custom = tracing.custom_tags.iter();
    tags.extend(custom.map(|(name, given)| CustomTag { tag: name.to_string(), r#type: custom_type(given) }));
    // Istio sorts by name and leaves those of one name in any order: here they stay as they are.
    tags.sort_by(|a, b| a.tag.cmp(&b.tag));
    tags
}

/// What the waypoint says of itself.
fn own(settings: &WaypointSettings<'_>) -> Vec<CustomTag> {
    let label = |key, fallback: &str| {
        let value = settings.proxy.labels.get(key).filter(|value| !value.is_empty());
        value.map_or_else(|| fallback.to_owned(), Str::to_string)
    };
    let mesh_id = settings.mesh.mesh_id.as_str();
    let literal = |name: &str, value| tag(name.to_owned(), Type::Literal(Literal { value }));
    let mut tags = vec![
        literal("istio.canonical_revision", label("service.istio.io/canonical-revision", "latest")),
        literal("istio.canonical_service", label("service.istio.io/canonical-name", "unknown")),
        literal("istio.mesh_id", if mesh_id.is_empty() { "unknown" } else { mesh_id }.to_owned()),
        literal("istio.namespace", settings.name.namespace.to_string()),
    ];
    if settings.rules.tracing.cluster_tag {
        tags.push(literal("istio.cluster_id", settings.proxy.cluster.to_string()));
    }
    tags
}

fn dry_run(name: &str, key: &str) -> CustomTag {
    let path = PathSegment { segment: Some(Segment::Key(key.to_owned())) };
    let metadata = Metadata {
        kind: Some(MetadataKind { kind: Some(Kind::Request(Request::default())) }),
        metadata_key: Some(MetadataKey { key: "envoy.filters.http.rbac".to_owned(), path: vec![path] }),
        ..Metadata::default()
    };
    tag(name.to_owned(), Type::Metadata(metadata))
}

fn custom_type(given: &Given) -> Option<Type> {
    Some(match given {
        Given::Literal(telemetry::Literal { value }) => Type::Literal(Literal { value: value.to_string() }),
        Given::Environment(telemetry::Environment { name, default_value }) => {
            Type::Environment(Environment {
                name: name.to_string(),
                default_value: default_value.to_string(),
            })
        }
        Given::Header(telemetry::RequestHeader { name, default_value }) => {
            Type::RequestHeader(Header { name: name.to_string(), default_value: default_value.to_string() })
        }
        Given::Formatter(telemetry::Formatter { value }) => Type::Value(value.to_string()),
        Given::Unset => return None,
    })
}

fn tag(tag: String, r#type: Type) -> CustomTag {
    CustomTag { tag, r#type: Some(r#type) }
}
