//! Custom resource definitions of all releases to one extract.

use std::collections::BTreeMap;
use std::path::Path;

use schemas::{Around, Extract, Fact, Field, Kind, Releases, Shape, Type, What};
use serde::Deserialize as _;
use serde_yaml::Value;

use crate::Result;

/// What every object has, and no schema of a kind says.
const OF_EVERY_OBJECT: [&str; 3] = ["apiVersion", "kind", "metadata"];
/// Kinds and whether they are read, by group and name.
pub(super) type Wanted = BTreeMap<(String, String), bool>;

/// Reads `<family>-<release>.yaml` of every release, and keeps the kinds that are wanted.
pub(super) fn extract(folder: &Path, family: &str, releases: &[&str], wanted: &Wanted) -> Result<Extract> {
    let mut kinds: BTreeMap<(String, String), Kind> = BTreeMap::new();
    for (release, name) in releases.iter().enumerate() {
        let text = std::fs::read_to_string(folder.join(format!("{family}-{name}.yaml")))?;
        for document in serde_yaml::Deserializer::from_str(&text) {
            let document = Value::deserialize(document)?;
            if text_of(&document, "kind") == "CustomResourceDefinition"
                && let Some(spec) = document.get("spec")
            {
                definition(spec, Releases::only(release), wanted, &mut kinds)?;
            }
        }
    }
    Ok(Extract {
        releases: releases.iter().map(|&name| name.into()).collect(),
        kinds: kinds.into_values().collect(),
    })
}

fn definition(
    spec: &Value,
    release: Releases,
    wanted: &Wanted,
    kinds: &mut BTreeMap<(String, String), Kind>,
) -> Result<()> {
    let name = spec.get("names").map_or("", |names| text_of(names, "kind"));
    let key = (text_of(spec, "group").to_owned(), name.to_owned());
    let Some(&reads_status) = wanted.get(&key) else { return Ok(()) };
    let (group, name) = key.clone();
    let kind = kinds.entry(key).or_insert(Kind {
        group,
        name,
        versions: Vec::new(),
        releases: Releases::default(),
        fields: Vec::new(),
    });
    kind.releases = kind.releases.or(release);
    for version in list(spec, "versions").iter().filter(|version| flag(version, "served")) {
        let name = text_of(version, "name");
        match kind.versions.iter_mut().find(|(known, _)| known == name) {
            Some((_, releases)) => *releases = releases.or(release),
            None => kind.versions.push((name.into(), release)),
        }
        // The others are converted to the version that is stored; all but a TLSRoute's have the same schema.
        if flag(version, "storage") {
            let schema = version.get("schema").and_then(|schema| schema.get("openAPIV3Schema"));
            let mut schema = schema.cloned().ok_or("a version without a schema")?;
            if !reads_status {
                forget_status(&mut schema);
            }
            let mut fields = fields(&schema, release)?;
            fields.retain(|field| !OF_EVERY_OBJECT.contains(&field.name.as_str()));
            merge(&mut kind.fields, fields);
        }
    }
    Ok(())
}

/// A status that nobody reads is whatever a controller writes.
fn forget_status(schema: &mut Value) {
    if let Some(status) = schema.get_mut("properties").and_then(|properties| properties.get_mut("status")) {
        let mut any = serde_yaml::Mapping::new();
        any.insert("type".into(), "object".into());
        any.insert("x-kubernetes-preserve-unknown-fields".into(), true.into());
        *status = any.into();
    }
}

fn fields(schema: &Value, release: Releases) -> Result<Vec<Field>> {
    let Some(properties) = schema.get("properties").and_then(Value::as_mapping) else {
        return Ok(Vec::new());
    };
    let required: Vec<&str> = list(schema, "required").iter().filter_map(Value::as_str).collect();
    let mut fields = Vec::new();
    for (name, schema) in properties {
        let name = name.as_str().unwrap_or_default();
        fields.push(field(name, schema, required.contains(&name), release)?);
    }
    fields.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(fields)
}

fn field(name: &str, schema: &Value, required: bool, release: Releases) -> Result<Field> {
    let mut field = Field {
        name: name.into(),
        shape: Shape { around: Vec::new(), of: Type::Any },
        releases: release,
        facts: Vec::new(),
        fields: Vec::new(),
    };
    if required {
        field.facts.push(Fact { depth: 0, what: What::Required, value: String::new(), releases: release });
    }
    let mut schema = schema;
    loop {
        let depth = field.shape.around.len();
        facts(schema, depth, release, &mut field.facts);
        if let Some(items) = schema.get("items") {
            field.shape.around.push(Around::List);
            schema = items;
        } else if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_mapping()) {
            field.shape.around.push(Around::Map);
            schema = values;
        } else {
            break;
        }
    }
    field.shape.of = innermost(schema).ok_or_else(|| format!("no type is known for `{name}`: {schema:?}"))?;
    field.fields = fields(schema, release)?;
    field.facts.sort();
    Ok(field)
}

fn innermost(schema: &Value) -> Option<Type> {
    if flag(schema, "x-kubernetes-preserve-unknown-fields") {
        return Some(Type::Any);
    }
    if flag(schema, "x-kubernetes-int-or-string") {
        return Some(Type::IntOrString);
    }
    Some(match text_of(schema, "type") {
        "string" => Type::String,
        "integer" => Type::Integer,
        "number" => Type::Number,
        "boolean" => Type::Boolean,
        "object" => Type::Object,
        _ => return None,
    })
}

/// What is said about a value, and nothing about what is in it.
fn facts(schema: &Value, depth: usize, releases: Releases, facts: &mut Vec<Fact>) {
    let mut fact = |what, value: String| facts.push(Fact { depth, what, value, releases });
    let simple = [
        ("minimum", What::Min),
        ("maximum", What::Max),
        ("minLength", What::MinLength),
        ("maxLength", What::MaxLength),
        ("minItems", What::MinItems),
        ("maxItems", What::MaxItems),
        ("minProperties", What::MinProperties),
        ("maxProperties", What::MaxProperties),
        ("format", What::Format),
        ("pattern", What::Pattern),
    ];
    for (key, what) in simple {
        if let Some(value) = schema.get(key) {
            fact(what, plain(value));
        }
    }
    if let Some(default) = schema.get("default") {
        fact(What::Default, serde_json::to_string(default).unwrap_or_default());
    }
    list(schema, "enum").iter().for_each(|value| fact(What::Value, plain(value)));
    match text_of(schema, "x-kubernetes-list-type") {
        "set" => fact(What::Unique, String::new()),
        "map" => {
            let keys: Vec<_> = list(schema, "x-kubernetes-list-map-keys").iter().map(plain).collect();
            fact(What::Unique, keys.join(","));
        }
        _ => {}
    }
    let of_all = list(schema, "allOf").iter().map(|all| list(all, "oneOf"));
    for group in of_all.chain([list(schema, "oneOf")]) {
        let names: Vec<_> = group.iter().flat_map(|one| list(one, "required")).map(plain).collect();
        if names.len() > 1 {
            fact(What::OneOf, names.join(","));
        }
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // As integers are written: `4294967295`, not `4294967295.0`.
        Value::Number(number) => number
            .as_f64()
            .filter(|n| n.fract() == 0.0)
            .map_or_else(|| number.to_string(), |n| format!("{n:.0}")),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// Puts what one more release says to what those before it say.
fn merge(into: &mut Vec<Field>, fields: Vec<Field>) {
    for field in fields {
        let Some(known) = into.iter_mut().find(|known| known.name == field.name) else {
            into.push(field);
            continue;
        };
        known.releases = known.releases.or(field.releases);
        // The newest release's type is that which is read.
        known.shape = field.shape;
        for fact in field.facts {
            let same = |known: &&mut Fact| {
                (known.depth, known.what, &known.value) == (fact.depth, fact.what, &fact.value)
            };
            match known.facts.iter_mut().find(same) {
                Some(same) => same.releases = same.releases.or(fact.releases),
                None => known.facts.push(fact),
            }
        }
        known.facts.sort();
        merge(&mut known.fields, field.fields);
    }
    into.sort_by(|one, other| one.name.cmp(&other.name));
}

fn text_of<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or_default()
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_sequence).map_or(&[], Vec::as_slice)
}
