//! TypeScript's types of Envoy's messages, as they are in canonical JSON, from the descriptors of
//! `crates/envoy`.
//!
//! A message is an interface in the namespace that its package is called. Every field is optional, since
//! canonical JSON leaves out what has its default.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

use crate::Result;
use crate::descriptors::Index;

/// What a waypoint gets: these have a short name each.
const RESOURCES: [&str; 5] = [
    "envoy.config.listener.v3.Listener",
    "envoy.config.cluster.v3.Cluster",
    "envoy.config.route.v3.RouteConfiguration",
    "envoy.config.endpoint.v3.ClusterLoadAssignment",
    "envoy.config.core.v3.TypedExtensionConfig",
];

/// The packages of which any message may be in a `google.protobuf.Any`.
const EXTENSIONS: [&str; 8] =
    ["envoy.config.trace.", "envoy.extensions.", "envoy.tcp.", "io.", "istio.", "stats.", "udpa.", "xds."];

/// Well-known types that may be in a `google.protobuf.Any`, where they are a `value`.
const VALUES: [&str; 6] = ["BoolValue", "Duration", "Int64Value", "StringValue", "Struct", "UInt32Value"];

const HEAD: &str = "\
// Made by `cargo xtask wasm` from the descriptors of `crates/envoy`: do not edit.
import type { JsonObject, JsonValue } from \"../json.js\";
// Inside the namespace `istio`, `envoy` is `istio.envoy`.
import type * as root from \"./envoy.js\";

/** A number of which JSON has no number has a name. */
export type Double = number | \"NaN\" | \"Infinity\" | \"-Infinity\";
";

/// Makes the types' file.
pub(super) fn write(descriptors: &Path, to: &Path) -> Result<()> {
    let set = FileDescriptorSet::decode(std::fs::read(descriptors)?.as_slice())?;
    Ok(std::fs::write(to, typescript(&set)?)?)
}

fn typescript(set: &FileDescriptorSet) -> Result<String> {
    let index = Index::of(set);
    let extensions = index.extensions();
    let roots = RESOURCES.iter().copied().chain(extensions.iter().copied());
    let needed = index.reachable(roots)?;

    let mut out = HEAD.to_owned();
    for resource in RESOURCES {
        let (_, short) = resource.rsplit_once('.').unwrap_or_default();
        write!(out, "\nexport type {short} = {resource};")?;
    }
    out.push_str(
        "\n\n/** What can be in an `Any`, by the URL of its type. */\nexport interface Messages {\n",
    );
    for name in &extensions {
        writeln!(out, "  \"type.googleapis.com/{name}\": {name};")?;
    }
    for name in VALUES {
        let value = well_known(name).ok_or("a well-known type is not known")?;
        writeln!(out, "  \"type.googleapis.com/google.protobuf.{name}\": {{ value: {value} }};")?;
    }
    out.push_str("}\n\n/** A message of any type; `{}` where there is none. */\nexport type Any = Record<string, never> | {\n");
    out.push_str("  [Url in keyof Messages]: { \"@type\": Url } & Messages[Url];\n}[keyof Messages];\n");
    index.declarations(&needed, &mut out)?;
    Ok(out)
}

impl Index<'_> {
    /// The messages that may be in an `Any`: none that is inside another one.
    fn extensions(&self) -> Vec<&str> {
        let is_nested =
            |name: &str| name.rsplit_once('.').is_some_and(|(parent, _)| self.messages.contains_key(parent));
        let is_one = |name: &&str| {
            !is_nested(name)
                && (RESOURCES.contains(name) || EXTENSIONS.iter().any(|package| name.starts_with(package)))
        };
        self.messages.keys().map(String::as_str).filter(is_one).collect()
    }

    /// The messages and enums that these are made of.
    fn reachable<'r>(&self, roots: impl Iterator<Item = &'r str>) -> Result<BTreeSet<String>> {
        let mut todo: Vec<String> = roots.map(str::to_owned).collect();
        let mut seen = BTreeSet::new();
        while let Some(name) = todo.pop() {
            if well_known_name(&name).is_some() || !seen.insert(name.clone()) {
                continue;
            }
            if let Some(message) = self.messages.get(&name) {
                let typed = message.field.iter().filter(|field| !field.type_name().is_empty());
                todo.extend(typed.map(|field| full_name(field).to_owned()));
            } else if !self.enums.contains_key(&name) {
                return Err(format!("{name} is not in the descriptors").into());
            }
        }
        Ok(seen)
    }

    /// The declarations, those of a namespace together.
    fn declarations(&self, needed: &BTreeSet<String>, out: &mut String) -> Result<()> {
        let mut namespaces: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for name in needed {
            if let Some((namespace, short)) = name.rsplit_once('.')
                && !self.messages.get(name).is_some_and(|message| is_map_entry(message))
            {
                namespaces.entry(namespace).or_default().push((name, short));
            }
        }
        for (namespace, items) in namespaces {
            writeln!(out, "\nexport declare namespace {namespace} {{")?;
            for (name, short) in items {
                match (self.messages.get(name), self.enums.get(name)) {
                    (Some(message), _) => self.interface(namespace, short, message, out)?,
                    (None, Some(item)) => {
                        let names: Vec<String> =
                            item.value.iter().map(|value| format!("\"{}\"", value.name())).collect();
                        // A value without a name, which an EnvoyFilter may bring, is its number.
                        writeln!(out, "  type {short} = {} | number;", names.join(" | "))?;
                    }
                    (None, None) => {}
                }
            }
            out.push_str("}\n");
        }
        Ok(())
    }

    fn interface(&self, scope: &str, name: &str, message: &DescriptorProto, out: &mut String) -> Result<()> {
        writeln!(out, "  interface {name} {{")?;
        for field in &message.field {
            writeln!(out, "    {}?: {};", field.json_name(), self.field(scope, field)?)?;
        }
        out.push_str("  }\n");
        Ok(())
    }

    fn field(&self, scope: &str, field: &FieldDescriptorProto) -> Result<String> {
        if field.label() != Label::Repeated {
            return self.single(scope, field);
        }
        let entry = self.messages.get(full_name(field)).filter(|message| is_map_entry(message));
        match entry.map(|entry| entry.field.as_slice()) {
            Some([_, value]) => Ok(format!("{{ [key: string]: {} }}", self.single(scope, value)?)),
            _ => {
                let item = self.single(scope, field)?;
                Ok(if item.contains('|') { format!("({item})[]") } else { format!("{item}[]") })
            }
        }
    }

    fn single(&self, scope: &str, field: &FieldDescriptorProto) -> Result<String> {
        Ok(match field.r#type() {
            Type::Bool => "boolean".to_owned(),
            Type::Int32 | Type::Uint32 => "number".to_owned(),
            Type::Double | Type::Float => "Double".to_owned(),
            // Numbers of 64 bits are texts, and so are bytes (base64).
            Type::Int64 | Type::Uint64 | Type::String | Type::Bytes => "string".to_owned(),
            Type::Message | Type::Enum => {
                let name = full_name(field);
                well_known_name(name).map_or_else(|| self.seen_from(scope, name), str::to_owned)
            }
            other => return Err(format!("{}: no JSON type for {other:?}", field.name()).into()),
        })
    }

    /// A name as it is found from inside a namespace: one around that may have something of the same name.
    fn seen_from(&self, scope: &str, name: &str) -> String {
        let first = name.split('.').next().unwrap_or_default();
        let around = scope.match_indices('.').map(|(end, _)| scope.get(..end).unwrap_or(scope));
        let hidden = around.chain([scope]).any(|outer| {
            let inner = format!("{outer}.{first}.");
            self.messages.range(inner.clone()..).next().is_some_and(|(next, _)| next.starts_with(&inner))
        });
        if hidden { format!("root.{name}") } else { name.to_owned() }
    }
}

fn is_map_entry(message: &DescriptorProto) -> bool {
    message.options.as_ref().is_some_and(prost_types::MessageOptions::map_entry)
}

fn full_name(field: &FieldDescriptorProto) -> &str {
    field.type_name().trim_start_matches('.')
}

/// What a well-known type is in JSON, by its full name.
fn well_known_name(name: &str) -> Option<&'static str> {
    name.strip_prefix("google.protobuf.").and_then(well_known)
}

fn well_known(name: &str) -> Option<&'static str> {
    Some(match name {
        "Any" => "Any",
        "BoolValue" => "boolean",
        "DoubleValue" | "FloatValue" => "Double",
        "Int32Value" | "UInt32Value" => "number",
        "BytesValue" | "Duration" | "FieldMask" | "Int64Value" | "StringValue" | "Timestamp"
        | "UInt64Value" => "string",
        "Empty" => "Record<string, never>",
        "ListValue" => "JsonValue[]",
        "NullValue" => "null",
        "Struct" => "JsonObject",
        "Value" => "JsonValue",
        _ => return None,
    })
}
