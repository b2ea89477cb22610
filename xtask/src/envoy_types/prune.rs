//! Keeps the files that the roots need and, of those, what messages and their JSON are made of.

use std::collections::{BTreeMap, BTreeSet};

use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    MessageOptions,
};

/// The roots and every file that defines a type of theirs, in the order given (dependencies first).
///
/// Imports that are only there for annotations go, and with them comments, options, services and extensions.
pub(crate) fn prune(mut set: FileDescriptorSet, is_root: impl Fn(&str) -> bool) -> FileDescriptorSet {
    let owners = owners(&set);
    let needs: BTreeMap<String, BTreeSet<String>> = set
        .file
        .iter()
        .map(|file| {
            (file.name().to_owned(), uses(file).iter().filter_map(|name| owners.get(name).cloned()).collect())
        })
        .collect();

    let mut kept = BTreeSet::new();
    let mut pending: Vec<String> = needs.keys().filter(|name| is_root(name)).cloned().collect();
    while let Some(name) = pending.pop() {
        pending.extend(needs.get(&name).into_iter().flatten().cloned());
        let new = kept.insert(name);
        if !new {
            pending.retain(|name| !kept.contains(name));
        }
    }

    set.file.retain(|file| kept.contains(file.name()));
    for file in &mut set.file {
        let own = file.name().to_owned();
        strip_file(file);
        file.dependency =
            needs.get(&own).into_iter().flatten().filter(|name| **name != own).cloned().collect();
    }
    set
}

/// Full type name (with the leading dot) → the file that defines it.
fn owners(set: &FileDescriptorSet) -> BTreeMap<String, String> {
    let mut owners = BTreeMap::new();
    for file in &set.file {
        let scope = if file.package().is_empty() { String::new() } else { format!(".{}", file.package()) };
        let mut add = |name: String| {
            owners.insert(name, file.name().to_owned());
        };
        file.enum_type.iter().for_each(|item| add(format!("{scope}.{}", item.name())));
        file.message_type.iter().for_each(|item| names(&scope, item, &mut add));
    }
    owners
}

fn names(scope: &str, message: &DescriptorProto, add: &mut impl FnMut(String)) {
    let scope = format!("{scope}.{}", message.name());
    message.enum_type.iter().for_each(|item| add(format!("{scope}.{}", item.name())));
    message.nested_type.iter().for_each(|item| names(&scope, item, add));
    add(scope);
}

fn uses(file: &FileDescriptorProto) -> BTreeSet<String> {
    fn visit(message: &DescriptorProto, used: &mut BTreeSet<String>) {
        used.extend(message.field.iter().filter_map(|field| field.type_name.clone()));
        message.nested_type.iter().for_each(|nested| visit(nested, used));
    }
    let mut used = BTreeSet::new();
    file.message_type.iter().for_each(|message| visit(message, &mut used));
    used
}

fn strip_file(file: &mut FileDescriptorProto) {
    file.source_code_info = None;
    file.options = None;
    file.service.clear();
    file.extension.clear();
    file.public_dependency.clear();
    file.weak_dependency.clear();
    file.enum_type.iter_mut().for_each(strip_enum);
    file.message_type.iter_mut().for_each(strip_message);
}

fn strip_message(message: &mut DescriptorProto) {
    let map_entry = message.options.as_ref().and_then(|options| options.map_entry);
    message.options = map_entry.map(|_| MessageOptions { map_entry, ..MessageOptions::default() });
    message.extension.clear();
    message.extension_range.clear();
    message.reserved_name.clear();
    message.reserved_range.clear();
    message.oneof_decl.iter_mut().for_each(|oneof| oneof.options = None);
    message.field.iter_mut().for_each(strip_field);
    message.enum_type.iter_mut().for_each(strip_enum);
    message.nested_type.iter_mut().for_each(strip_message);
}

/// Not even `deprecated` stays: what a release sends is not ours to warn about.
fn strip_field(field: &mut FieldDescriptorProto) {
    if let Some(options) = field.options.take().filter(|options| options.packed.is_some()) {
        field.options = Some(prost_types::FieldOptions { packed: options.packed, ..Default::default() });
    }
}

fn strip_enum(item: &mut EnumDescriptorProto) {
    let allow_alias = item.options.as_ref().and_then(|options| options.allow_alias);
    item.options = allow_alias.map(|_| prost_types::EnumOptions { allow_alias, ..Default::default() });
    item.reserved_name.clear();
    item.reserved_range.clear();
    item.value.iter_mut().for_each(|value| value.options = None);
}
