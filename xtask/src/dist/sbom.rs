//! What the program is made of, as CycloneDX tells it: every crate that is compiled in.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{VERSION, printed};
use crate::command::cargo;
use crate::{Result, root};

/// The list, as JSON.
pub(super) fn text() -> Result<String> {
    let arguments =
        ["metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-musl"];
    let metadata: Value = serde_json::from_str(&printed(cargo().args(arguments).current_dir(root()))?)?;
    let packages: BTreeMap<&str, &Value> = list(&metadata, "/packages")
        .filter_map(|package| Some((text_at(package, "/id")?, package)))
        .collect();
    let needs: BTreeMap<&str, Vec<&str>> = list(&metadata, "/resolve/nodes")
        .filter_map(|node| {
            Some((text_at(node, "/id")?, list(node, "/deps").filter_map(compiled_in).collect()))
        })
        .collect();
    let program = packages.iter().find(|(_, package)| text_at(package, "/name") == Some("waypoint-xds-cli"));
    let program = *program.ok_or("no package of the program")?.0;
    let mut seen = BTreeSet::from([program]);
    let mut next = vec![program];
    while let Some(id) = next.pop() {
        next.extend(needs.get(id).into_iter().flatten().copied().filter(|id| seen.insert(id)));
    }
    let reference = |id: &str| packages.get(id).map(|package| purl(package));
    let components: Vec<Value> = seen
        .iter()
        .filter(|id| **id != program)
        .filter_map(|id| packages.get(id))
        .map(|package| component(package))
        .collect();
    let dependencies: Vec<Value> = seen
        .iter()
        .map(|id| {
            let on: Vec<String> =
                needs.get(id).into_iter().flatten().filter_map(|id| reference(id)).collect();
            json!({"ref": reference(id), "dependsOn": on})
        })
        .collect();
    let list = json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {
            "type": "application", "bom-ref": reference(program), "name": "waypoint-xds", "version": VERSION,
            "licenses": [{"expression": "Apache-2.0"}],
        }},
        "components": components,
        "dependencies": dependencies,
    });
    Ok(serde_json::to_string_pretty(&list)? + "\n")
}

fn component(package: &Value) -> Value {
    let mut component = json!({
        "type": "library",
        "bom-ref": purl(package),
        "name": text_at(package, "/name"),
        "version": text_at(package, "/version"),
        "purl": purl(package),
    });
    if let (Some(licence), Some(fields)) = (text_at(package, "/license"), component.as_object_mut()) {
        // Cargo's older way to write a choice.
        let expression = licence.replace('/', " OR ");
        fields.insert("licenses".to_owned(), json!([{"expression": expression}]));
    }
    component
}

fn purl(package: &Value) -> String {
    let of = |pointer| text_at(package, pointer).unwrap_or_default();
    format!("pkg:cargo/{}@{}", of("/name"), of("/version"))
}

/// The package of a dependency that is neither for tests nor for build scripts.
fn compiled_in(dependency: &Value) -> Option<&str> {
    let normal = list(dependency, "/dep_kinds").any(|kind| kind.pointer("/kind").is_some_and(Value::is_null));
    text_at(dependency, "/pkg").filter(|_| normal)
}

fn list<'v>(value: &'v Value, pointer: &str) -> impl Iterator<Item = &'v Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn text_at<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer).and_then(Value::as_str)
}
