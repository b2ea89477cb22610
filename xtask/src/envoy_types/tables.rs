//! The tables of the JSON mapping: what `crates/envoy-json/src/schema.rs` declares, filled from the
//! descriptors.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

use crate::Result;
use crate::descriptors::Index;

/// `tables.rs`: every message and enum, sorted by name, so that a name is found by bisection.
pub(crate) fn tables(set: &FileDescriptorSet) -> Result<String> {
    let index = Index::of(set);
    let mut out = String::from(
        "// Made by `cargo xtask envoy-types`: do not edit.\n\n\
        use super::schema::{Enum, Kind, Message, Presence, Shape, e, f, m};\n\n",
    );
    writeln!(out, "pub(super) static MESSAGES: [Message; {}] = [", index.messages.len())?;
    for (name, message) in &index.messages {
        writeln!(out, "    m(\"{name}\", {}, &[", shape(name, message))?;
        for field in &message.field {
            writeln!(out, "        {},", self::field(&index, name, message, field)?)?;
        }
        writeln!(out, "    ]),")?;
    }
    writeln!(out, "];\n\npub(super) static ENUMS: [Enum; {}] = [", index.enums.len())?;
    for (name, item) in &index.enums {
        write!(out, "    e(\"{name}\", &[")?;
        for value in &item.value {
            write!(out, "({}, \"{}\"), ", value.number(), value.name())?;
        }
        writeln!(out, "]),")?;
    }
    out.push_str("];\n");
    Ok(out)
}

fn position<V>(map: &BTreeMap<String, V>, field: &FieldDescriptorProto) -> Result<usize> {
    let name = field.type_name().trim_start_matches('.');
    map.keys()
        .position(|key| key == name)
        .ok_or_else(|| format!("{name} is not in the descriptor set").into())
}

/// How the message looks in JSON, when it is not an object with its fields.
fn shape(name: &str, message: &DescriptorProto) -> String {
    let well_known = name.strip_prefix("google.protobuf.").filter(|name| !name.contains('.'));
    match well_known {
        Some(
            name @ ("Any" | "Duration" | "Empty" | "FieldMask" | "ListValue" | "Struct" | "Timestamp"
            | "Value"),
        ) => {
            format!("Shape::{name}")
        }
        Some(name) if name.ends_with("Value") && message.field.len() == 1 => "Shape::Wrapper".to_owned(),
        _ => "Shape::Object".to_owned(),
    }
}

fn field(
    index: &Index<'_>,
    owner: &str,
    message: &DescriptorProto,
    field: &FieldDescriptorProto,
) -> Result<String> {
    let kind = match field.r#type() {
        Type::Message => format!("Kind::Message({})", position(&index.messages, field)?),
        Type::Enum => format!("Kind::Enum({})", position(&index.enums, field)?),
        scalar @ (Type::Bool
        | Type::Bytes
        | Type::Double
        | Type::Float
        | Type::Int32
        | Type::Int64
        | Type::String
        | Type::Uint32
        | Type::Uint64) => format!("Kind::{scalar:?}"),
        other => return Err(format!("{owner}.{}: the JSON mapping lacks {other:?}", field.name()).into()),
    };
    let in_oneof = field.oneof_index.filter(|_| !field.proto3_optional());
    let presence = if field.label() == Label::Repeated {
        if is_map(index, field) { "Presence::Map".to_owned() } else { "Presence::Repeated".to_owned() }
    } else if let Some(oneof) = in_oneof {
        format!("Presence::Oneof({oneof})")
    } else if field.proto3_optional() || field.r#type() == Type::Message {
        "Presence::Explicit".to_owned()
    } else {
        "Presence::Implicit".to_owned()
    };
    // Where prost writes it: by number, the members of a oneof where the lowest of them goes.
    let rank = match in_oneof {
        Some(oneof) => message
            .field
            .iter()
            .filter(|other| !other.proto3_optional() && other.oneof_index == Some(oneof))
            .map(FieldDescriptorProto::number)
            .min()
            .unwrap_or_default(),
        None => field.number(),
    };
    Ok(format!(
        "f({}, {rank}, \"{}\", \"{}\", {presence}, {kind})",
        field.number(),
        field.name(),
        field.json_name()
    ))
}

fn is_map(index: &Index<'_>, field: &FieldDescriptorProto) -> bool {
    index
        .messages
        .get(field.type_name().trim_start_matches('.'))
        .and_then(|message| message.options.as_ref())
        .is_some_and(|options| options.map_entry())
}
