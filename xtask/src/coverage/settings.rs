//! What a mesh is translated with: the fields of a MeshConfig, which no schema has, and the values of feature
//! flags.

use std::collections::BTreeSet;

use serde::de::value::{Error, StrDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use waypoint_xds::features::Features;
use waypoint_xds::limits::Limits;
use waypoint_xds::snapshot::mesh_config::MeshConfig;
use waypoint_xds::text::{Node, SourceFile, documents};

use super::Reached;

/// What the paths of a MeshConfig's fields start with.
pub(super) const MESH_CONFIG: &str = "MeshConfig";
/// The path of a ProxyConfig, which an annotation may have, too.
const PROXY_CONFIG: &str = "MeshConfig.defaultConfig";
/// Types of which a value has one field at most.
const ONEOFS: [&str; 2] = ["CustomTag", "VisibilityMatch"];
/// Values of flags that are not numbers.
const FLAG_VALUES: [&str; 5] = ["true", "false", "fips-140-2", "fips-140-3", "pqc"];

/// The fields of a MeshConfig and the values of its enumerations, as our type has them.
pub(super) fn wanted() -> crate::Result<(BTreeSet<String>, BTreeSet<String>)> {
    let mut found = Found::default();
    MeshConfig::deserialize(Shape { path: MESH_CONFIG.to_owned(), found: &mut found })?;
    Ok((found.fields, found.values))
}

/// What a text with a MeshConfig has, as a file or in a ConfigMap.
pub(super) fn mesh_config(text: &str, reached: &mut Reached) {
    of_text(text, MESH_CONFIG, reached);
}

/// What an object has of either: a ConfigMap with a mesh configuration, an annotation of a proxy.
pub(super) fn of_object(object: Node<'_>, reached: &mut Reached) {
    if let Some(mesh) = object.find("data.mesh").and_then(Node::as_str) {
        mesh_config(mesh, reached);
    }
    let annotations = ["metadata.annotations", "spec.infrastructure.annotations"];
    for annotations in annotations.into_iter().filter_map(|path| object.find(path)) {
        if let Some(proxy) = annotations.get("proxy.istio.io/config").and_then(Node::as_str) {
            of_text(proxy, PROXY_CONFIG, reached);
        }
    }
}

fn of_text(text: &str, path: &str, reached: &mut Reached) {
    let file = SourceFile::new("settings.yaml", text);
    if let Some(Ok(document)) = documents(&file, &Limits::DEFAULT).next() {
        of_node(document.root(), path, reached);
    }
}

fn of_node(node: Node<'_>, path: &str, reached: &mut Reached) {
    for item in node.items() {
        of_node(item, path, reached);
    }
    for (name, value) in node.entries().filter(|(_, value)| !value.is_null()) {
        let path = format!("{path}.{}", camel_case(name));
        of_node(value, &path, reached);
        if value.scalar().is_some() {
            reached.values.insert(format!("{path}={}", value.text()));
        }
        reached.fields.insert(path);
    }
}

/// The name of a field as JSON has it.
fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut out = words.next().unwrap_or_default().to_owned();
    for word in words {
        let mut letters = word.chars();
        out.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
}

/// What flags can be set to that is not what they are anyway, `NAME=VALUE`: numbers only as a flag.
pub(super) fn flag_values() -> Vec<String> {
    let mut values = Vec::new();
    for name in Features::NAMES {
        if effect(name, "7").is_some() {
            continue;
        }
        let other = FLAG_VALUES.into_iter().filter(|value| effect(name, value).is_some_and(|e| e != unset()));
        values.extend(other.map(|value| format!("{name}={value}")));
    }
    values
}

/// Whether one of these settings, `NAME=VALUE`, does what another does.
pub(super) fn is_set(wanted: &str, settings: &BTreeSet<String>) -> bool {
    let parts = |setting: &str| {
        let (name, value) = setting.split_once('=')?;
        Some((name.to_owned(), effect(name, value)?))
    };
    let wanted = parts(wanted);
    settings.iter().any(|setting| parts(setting) == wanted)
}

/// What a flag makes of all of them; none where it does not take the value.
fn effect(name: &str, value: &str) -> Option<String> {
    let mut features = Features::default();
    features.set(name, value).ok()?;
    Some(without_names(&features))
}

fn unset() -> String {
    without_names(&Features::default())
}

/// The flags as they are, without which of them were set by name.
fn without_names(features: &Features) -> String {
    let all = format!("{features:?}");
    all.rsplit_once(", named:").map_or(all.clone(), |(flags, _)| flags.to_owned())
}

/// The fields and values that a type has.
#[derive(Default)]
struct Found {
    fields: BTreeSet<String>,
    values: BTreeSet<String>,
}

/// A value that has every field, to see which those are.
struct Shape<'f> {
    path: String,
    found: &'f mut Found,
}

impl Shape<'_> {
    fn below(&mut self, field: &str) -> Shape<'_> {
        Shape { path: format!("{}.{field}", self.path), found: self.found }
    }
}

impl<'de> Deserializer<'de> for Shape<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(false)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(0.0)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i32(0)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(0)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u32(0)
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_u64(0)
    }

    /// A duration, too.
    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str("1s")
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Once(Some(self)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Fields { names: &["key"], is_map: true, next: 0, shape: self })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.found.fields.extend(fields.iter().map(|field| format!("{}.{field}", self.path)));
        let visited = if ONEOFS.contains(&name) { fields.get(..1).unwrap_or_default() } else { fields };
        visitor.visit_map(Fields { names: visited, is_map: false, next: 0, shape: self })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.found.values.extend(variants.iter().map(|variant| format!("{}={variant}", self.path)));
        let first: StrDeserializer<'_, Error> =
            variants.first().copied().unwrap_or_default().into_deserializer();
        visitor.visit_enum(first)
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
        ignored_any
    }
}

/// A list of one value.
struct Once<'f>(Option<Shape<'f>>);

impl<'de> SeqAccess<'de> for Once<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.0.take().map(|shape| seed.deserialize(shape)).transpose()
    }
}

/// The fields of a struct, or an entry of a map.
struct Fields<'f> {
    names: &'static [&'static str],
    is_map: bool,
    next: usize,
    shape: Shape<'f>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(name) = self.names.get(self.next) else { return Ok(None) };
        let name: StrDeserializer<'_, Error> = (*name).into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        let name = self.names.get(self.next).copied().unwrap_or_default();
        self.next += 1;
        if self.is_map {
            return seed.deserialize(Shape { path: self.shape.path.clone(), found: self.shape.found });
        }
        seed.deserialize(self.shape.below(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_fields_and_values_are_found() {
        let (fields, values) = wanted().unwrap();
        for field in [
            "MeshConfig.trustDomain",
            "MeshConfig.meshMTLS.minProtocolVersion",
            "MeshConfig.extensionProviders.envoyFileAccessLog.logFormat.text",
            "MeshConfig.defaultConfig.tracing.customTags.literal",
            "MeshConfig.defaultConfig.proxyMetadata",
        ] {
            assert!(fields.contains(field), "{field}");
        }
        assert!(values.contains("MeshConfig.outboundTrafficPolicy.mode=ALLOW_ANY"));
    }

    #[test]
    fn what_a_configuration_has_is_found_in_either_spelling() {
        let mut reached = Reached::default();
        mesh_config(
            "default_config: {proxy_headers: {}}\nextensionProviders: [{name: a}]\nh2UpgradePolicy: UPGRADE",
            &mut reached,
        );
        assert!(reached.fields.contains("MeshConfig.defaultConfig.proxyHeaders"));
        assert!(reached.fields.contains("MeshConfig.extensionProviders.name"));
        assert!(reached.values.contains("MeshConfig.h2UpgradePolicy=UPGRADE"));
    }

    #[test]
    fn a_flag_is_set_by_whatever_means_the_same() {
        let values = flag_values();
        let wanted = "AMBIENT_ENABLE_BAGGAGE=true";
        assert!(values.iter().any(|value| value == wanted), "{values:?}");
        assert!(!values.contains(&"AMBIENT_ENABLE_BAGGAGE=false".to_owned()));
        assert!(is_set(wanted, &BTreeSet::from(["AMBIENT_ENABLE_BAGGAGE=1".to_owned()])));
        assert!(!is_set(wanted, &BTreeSet::from(["AMBIENT_ENABLE_BAGGAGE=f".to_owned()])));
    }
}
