//! Which fields of the types that objects are read into some release does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use schemas::{Extract, Field, Releases};

use super::types::{Name, Types};
use crate::Result;

/// What is known of a type, from all places where it stands.
#[derive(Default)]
struct Known {
    /// Releases in which a member is, and in which what it is a member of is.
    members: BTreeMap<String, (Releases, Releases)>,
    /// The types of its members.
    below: BTreeMap<String, Name>,
}

struct Walk<'t> {
    types: &'t Types,
    known: BTreeMap<Name, Known>,
    /// Members that no schema has, at any place.
    missing: BTreeMap<(Name, String), String>,
    found: BTreeSet<(Name, String)>,
}

/// The table that `admission/newer` is compiled with.
pub(super) fn write(types: &Types, extracts: &[Extract]) -> Result<String> {
    let mut walk = Walk { types, known: BTreeMap::new(), missing: BTreeMap::new(), found: BTreeSet::new() };
    let names = extracts.first().map(|extract| extract.releases.clone()).unwrap_or_default();
    let mut custom = Vec::new();
    for kind in &types.kinds {
        let schema = extracts.iter().find_map(|extract| extract.kind(&kind.group, &kind.name));
        let schema = schema.ok_or_else(|| format!("no extract has the kind {}", kind.name))?;
        for place in kind.places.iter().filter(|place| *place != "status") {
            let path = format!("{} {place}", kind.name);
            let fields = match place.as_str() {
                "document" => Some((schema.fields.as_slice(), schema.releases)),
                place => schema.find(place).map(|field| (field.fields.as_slice(), field.releases)),
            };
            let (fields, around) = fields.unwrap_or((&[], schema.releases));
            walk.message(&kind.of, fields, around, &path);
        }
        // Kubernetes' own kinds are the same in every release of Istio.
        if kind.group.contains("istio.io") || kind.group.contains("gateway.networking") {
            custom.push(&kind.of);
        }
    }
    let missing: Vec<_> = walk.missing.iter().filter(|(member, _)| !walk.found.contains(member)).collect();
    if !missing.is_empty() {
        let list: Vec<_> =
            missing.iter().map(|((of, _), path)| format!("{path} ({}::{})", of.0, of.1)).collect();
        return Err(format!("fields that no schema has:\n{}", list.join("\n")).into());
    }
    walk.table(&names, &custom)
}

impl Walk<'_> {
    fn message(&mut self, name: &Name, fields: &[Field], around: Releases, path: &str) {
        let Some(message) = self.types.messages.get(name) else { return };
        for member in &message.members {
            let path = format!("{path}.{}", member.json);
            let key = (name.clone(), member.json.clone());
            let Some(field) = fields.iter().find(|field| field.name == member.json) else {
                self.missing.entry(key).or_insert(path);
                continue;
            };
            self.found.insert(key);
            let known = self.known.entry(name.clone()).or_default();
            let releases = known.members.entry(member.name.clone()).or_default();
            *releases = (releases.0.or(field.releases), releases.1.or(around));
            if let Some(below) = self.types.of(name, member) {
                known.below.insert(member.name.clone(), below.clone());
                self.message(&below, &field.fields, field.releases, &path);
            }
        }
    }

    /// The members that some release with their message does not know.
    fn newer(&self, name: &Name) -> BTreeMap<&str, Releases> {
        let members = self.known.get(name).into_iter().flat_map(|known| &known.members);
        let newer = members.filter(|(_, (field, around))| around.and(*field) != *around);
        newer.map(|(member, (field, _))| (member.as_str(), *field)).collect()
    }

    /// Whether anything at or below a message is newer than a release.
    fn has_newer(&self, name: &Name) -> bool {
        !self.newer(name).is_empty()
            || self
                .known
                .get(name)
                .is_some_and(|known| known.below.values().any(|below| self.has_newer(below)))
    }

    fn table(&self, names: &[String], custom: &[&Name]) -> Result<String> {
        let mut out = String::from(
            "//! Written by `cargo xtask schemas` from the extracts of the schemas: do not edit.\n\n\
             use super::{Checker, Column, Newer, Releases, forget, is_newer, newer};\nuse crate::snapshot;\n\nnewer! {\n",
        );
        for (name, message) in &self.types.messages {
            let is_kind = custom.contains(&name);
            if !is_kind && !(self.has_newer(name) && self.known.contains_key(name)) {
                continue;
            }
            let newer = self.newer(name);
            let word = if message.is_one_of { "one of " } else { "" };
            let _ = write!(out, "    {word}snapshot::{}::{} {{", name.0, name.1);
            let mut lines = String::new();
            for member in &message.members {
                if let Some(releases) = newer.get(member.name.as_str()) {
                    let releases = releases.write(names);
                    let _ = writeln!(lines, "        in {releases:?}: {} {:?};", member.name, member.json);
                }
            }
            for member in &message.members {
                let below = self.known.get(name).and_then(|known| known.below.get(&member.name));
                // What is dropped as a whole is not looked into.
                if below.is_some_and(|below| self.has_newer(below)) {
                    if message.is_one_of {
                        return Err(format!("{}::{} has newer fields below a variant", name.0, name.1).into());
                    }
                    let _ = writeln!(lines, "        below: {} {:?};", member.name, member.json);
                }
            }
            let _ = if lines.is_empty() { writeln!(out, "}}") } else { writeln!(out, "\n{lines}    }}") };
        }
        out.push_str("}\n");
        Ok(out)
    }
}
