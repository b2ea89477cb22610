//! Fields that hold their message as it is encoded (`envoy::Encoded`).

use std::collections::{BTreeMap, BTreeSet};

use prost_build::Module;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet};

use crate::Result;

/// The fields: where messages are deep and made by the thousand, or the same for many. A map's are those of
/// its entries.
const FIELDS: &[&str] = &[
    ".envoy.config.cluster.v3.Cluster.circuit_breakers",
    ".envoy.config.cluster.v3.Cluster.transport_socket_matches",
    ".envoy.config.endpoint.v3.LocalityLbEndpoints.lb_endpoints",
    ".envoy.config.rbac.v3.Policy.permissions",
    ".envoy.config.rbac.v3.Policy.principals",
    ".envoy.config.rbac.v3.RBAC.PoliciesEntry.value",
    ".envoy.config.route.v3.RouteAction.retry_policy",
    ".envoy.config.route.v3.VirtualHost.routes",
    ".envoy.extensions.filters.http.rbac.v3.RBAC.rules",
    ".envoy.extensions.filters.http.rbac.v3.RBAC.shadow_rules",
    ".envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.route_config",
    ".envoy.extensions.filters.network.rbac.v3.RBAC.rules",
    ".envoy.extensions.filters.network.rbac.v3.RBAC.shadow_rules",
    ".xds.type.matcher.v3.IPMatcher.range_matchers",
    ".xds.type.matcher.v3.Matcher.MatcherTree.MatchMap.MapEntry.value",
];

/// The package of the stand-ins.
const STAND_INS: &str = "encoded";

/// Gives the fields a stand-in for their message each. Tells the Rust path of each stand-in, `Encoded` of the
/// message.
pub(super) fn encode(set: &mut FileDescriptorSet) -> Result<Vec<(String, String)>> {
    let mut fields: BTreeSet<&str> = FIELDS.iter().copied().collect();
    let mut stand_ins = BTreeMap::new();
    for file in &mut set.file {
        let scope = if file.package().is_empty() { String::new() } else { format!(".{}", file.package()) };
        for message in &mut file.message_type {
            replace(&scope, message, &mut fields, &mut stand_ins);
        }
    }
    if !fields.is_empty() {
        return Err(format!("there are no such fields to encode: {fields:?}").into());
    }
    set.file.push(FileDescriptorProto {
        name: Some("encoded.proto".to_owned()),
        package: Some(STAND_INS.to_owned()),
        message_type: stand_ins.values().map(|name| stand_in(name)).collect(),
        ..FileDescriptorProto::default()
    });
    let path = |(message, name): (&String, &String)| {
        (format!(".{STAND_INS}.{name}"), format!("crate::Encoded<{}>", rust_path(message)))
    };
    Ok(stand_ins.iter().map(path).collect())
}

/// Replaces the types of the fields of a message, and of those inside of it.
fn replace(
    scope: &str,
    message: &mut DescriptorProto,
    fields: &mut BTreeSet<&str>,
    stand_ins: &mut BTreeMap<String, String>,
) {
    let scope = format!("{scope}.{}", message.name());
    for field in &mut message.field {
        if fields.remove(format!("{scope}.{}", field.name()).as_str()) {
            let content = field.type_name().to_owned();
            let name = content.trim_start_matches('.').replace('.', "_");
            field.type_name = Some(format!(".{STAND_INS}.{name}"));
            stand_ins.insert(content, name);
        }
    }
    for nested in &mut message.nested_type {
        replace(&scope, nested, fields, stand_ins);
    }
}

/// A message of which prost-build derives neither `Copy` nor `Hash`; it is not emitted.
fn stand_in(name: &str) -> DescriptorProto {
    let field = FieldDescriptorProto {
        name: Some("bytes".to_owned()),
        number: Some(1),
        label: Some(Label::Repeated.into()),
        r#type: Some(Type::Double.into()),
        ..FieldDescriptorProto::default()
    };
    DescriptorProto { name: Some(name.to_owned()), field: vec![field], ..DescriptorProto::default() }
}

/// The path of a message's Rust type: `.envoy.config.rbac.v3.RBAC` is
/// `crate::generated::envoy::config::rbac::v3::Rbac`.
fn rust_path(message: &str) -> String {
    let snake = Module::from_protobuf_package_name(message);
    let mut parts: Vec<String> =
        std::iter::once("crate::generated").chain(snake.parts()).map(str::to_owned).collect();
    if let Some(name) = parts.last_mut() {
        *name = name.split('_').map(capitalized).collect();
    }
    parts.join("::")
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_as_prost_names_them() {
        assert_eq!(
            rust_path(".xds.type.matcher.v3.IPMatcher.IPRangeMatcher"),
            "crate::generated::xds::r#type::matcher::v3::ip_matcher::IpRangeMatcher"
        );
    }

    #[test]
    fn a_field_that_is_not_there_is_refused() {
        assert!(encode(&mut FileDescriptorSet::default()).is_err());
    }
}
