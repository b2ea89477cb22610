//! The types that the core reads objects into, out of its own source: which of a schema's fields they have.

use std::collections::BTreeMap;
use std::path::Path;

use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Fields, GenericArgument, Item, Lit, Meta, PathArguments, Token, UseTree};

use super::crd;
use crate::Result;

/// A type's module below `snapshot`, and its name.
pub(super) type Name = (String, String);

/// All types, and the kinds that they are of.
#[derive(Default)]
pub(super) struct Types {
    pub(super) messages: BTreeMap<Name, Message>,
    pub(super) kinds: Vec<Kind>,
    imports: BTreeMap<String, Vec<String>>,
}

/// A type with fields, or with variants of which one is set.
pub(super) struct Message {
    pub(super) is_one_of: bool,
    pub(super) members: Vec<Member>,
}

/// A field or variant.
pub(super) struct Member {
    /// In Rust.
    pub(super) name: String,
    /// In the API.
    pub(super) json: String,
    /// The name of the innermost type.
    of: String,
}

/// A kind that is read.
pub(super) struct Kind {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) of: Name,
    /// Where the type's fields stand: `spec`, `status`, or in the document itself.
    pub(super) places: Vec<String>,
}

impl Types {
    /// The kinds, and of which the status is read.
    pub(super) fn wanted(&self) -> crd::Wanted {
        let wanted = |kind: &Kind| {
            ((kind.group.clone(), kind.name.clone()), kind.places.iter().any(|place| place == "status"))
        };
        self.kinds.iter().map(wanted).collect()
    }

    /// The type of a member, where that has fields itself.
    pub(super) fn of(&self, owner: &Name, member: &Member) -> Option<Name> {
        self.resolve(&owner.0, &member.of)
    }

    /// A type by the name that a module has for it: its own, or one that it imports.
    fn resolve(&self, module: &str, name: &str) -> Option<Name> {
        let own = (module.to_owned(), name.to_owned());
        if self.messages.contains_key(&own) {
            return Some(own);
        }
        let imports = self.imports.get(module)?;
        let imported = imports.iter().find(|path| path.rsplit("::").next() == Some(name))?;
        let mut parts: Vec<&str> = imported.split("::").collect();
        parts.pop();
        let found = self.messages.keys().filter(|(_, known)| known == name);
        // An import may lead through a module that only passes the type on.
        let ends: Vec<_> =
            found.filter(|(module, _)| parts.last().is_none_or(|last| module.contains(last))).collect();
        ends.first().map(|&name| name.clone())
    }
}

/// Reads every file of the folder `snapshot`, and `kind.rs` beside it.
pub(super) fn read(folder: &Path) -> Result<Types> {
    let mut types = Types::default();
    let mut kept = String::new();
    let mut declared = String::new();
    let mut all = files(folder, "")?;
    all.push(("kind".to_owned(), folder.with_file_name("kind.rs")));
    for (module, path) in all {
        let file = syn::parse_file(&std::fs::read_to_string(&path)?)?;
        for item in file.items {
            match item {
                Item::Use(item) => {
                    let mut prefix = Vec::new();
                    imports(&item.tree, &mut prefix, types.imports.entry(module.clone()).or_default());
                }
                Item::Macro(item) if item.mac.path.is_ident("message") || item.mac.path.is_ident("oneof") => {
                    // What stands in them is written as Rust's own structs and enums are.
                    let body: syn::File = syn::parse2(item.mac.tokens)?;
                    for item in body.items {
                        message(&module, item, &mut types)?;
                    }
                }
                Item::Macro(item) if item.mac.path.is_ident("snapshot") => kept = item.mac.tokens.to_string(),
                Item::Macro(item) if item.mac.path.is_ident("kinds") => {
                    declared = item.mac.tokens.to_string();
                }
                _ => {}
            }
        }
    }
    kinds(&kept, &declared, &mut types)?;
    Ok(types)
}

/// The files below a folder, with their modules: `networking::virtual_service`.
fn files(folder: &Path, prefix: &str) -> Result<Vec<(String, std::path::PathBuf)>> {
    let mut found = Vec::new();
    let mut entries = std::fs::read_dir(folder)?.collect::<std::result::Result<Vec<_>, _>>()?;
    entries.sort_by_key(std::fs::DirEntry::path);
    for entry in entries {
        let path = entry.path();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let module = match (prefix, stem.as_str()) {
            (_, "mod") => prefix.to_owned(),
            ("", stem) => stem.to_owned(),
            _ => format!("{prefix}::{stem}"),
        };
        if path.is_dir() {
            found.extend(files(&path, &module)?);
        } else {
            found.push((module, path));
        }
    }
    Ok(found)
}

fn imports(tree: &UseTree, prefix: &mut Vec<String>, found: &mut Vec<String>) {
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            imports(&path.tree, prefix, found);
            prefix.pop();
        }
        UseTree::Name(name) => found.push(format!("{}::{}", prefix.join("::"), name.ident)),
        UseTree::Group(group) => group.items.iter().for_each(|tree| imports(tree, prefix, found)),
        UseTree::Rename(_) | UseTree::Glob(_) => {}
    }
}

fn message(module: &str, item: Item, types: &mut Types) -> Result<()> {
    let (name, message) = match item {
        Item::Struct(item) => {
            let Fields::Named(fields) = item.fields else { return Err("a message has named fields".into()) };
            let fields = fields.named.iter().filter(|field| serde(&field.attrs, "skip").is_none());
            let members = fields.map(|field| {
                let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
                let json = serde(&field.attrs, "rename").flatten().unwrap_or_else(|| camel_case(&name));
                Member { name, json, of: innermost(&field.ty) }
            });
            (item.ident.to_string(), Message { is_one_of: false, members: members.collect() })
        }
        Item::Enum(item) => {
            let members = item.variants.iter().filter_map(|variant| {
                let Some((_, Expr::Lit(json))) = &variant.discriminant else { return None };
                let (Lit::Str(json), Some(field)) = (&json.lit, variant.fields.iter().next()) else {
                    return None;
                };
                let (name, json) = (variant.ident.to_string(), json.value());
                Some(Member { name, json, of: innermost(&field.ty) })
            });
            (item.ident.to_string(), Message { is_one_of: true, members: members.collect() })
        }
        _ => return Err("only structs and enums are messages".into()),
    };
    types.messages.insert((module.to_owned(), name), message);
    Ok(())
}

/// What `#[serde(key)]` or `#[serde(key = "value")]` says.
fn serde(attributes: &[Attribute], key: &str) -> Option<Option<String>> {
    let ours = attributes.iter().filter(|attribute| attribute.path().is_ident("serde"));
    let metas = ours.filter_map(|attribute| {
        attribute.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated).ok()
    });
    let meta = metas.flatten().find(|meta| meta.path().is_ident(key))?;
    let value = match meta {
        Meta::NameValue(pair) => match pair.value {
            Expr::Lit(literal) => match literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    };
    Some(value)
}

/// As serde's `rename_all = "camelCase"` does.
fn camel_case(name: &str) -> String {
    let mut out = String::new();
    let mut upper = false;
    for c in name.chars() {
        match c {
            '_' => upper = true,
            c if upper => {
                out.extend(c.to_uppercase());
                upper = false;
            }
            c => out.push(c),
        }
    }
    out
}

/// The last argument of the last argument: `Rule` of `Option<Vec<Rule>>`.
fn innermost(ty: &syn::Type) -> String {
    let syn::Type::Path(path) = ty else { return String::new() };
    let Some(segment) = path.path.segments.last() else { return String::new() };
    if let PathArguments::AngleBracketed(arguments) = &segment.arguments
        && let Some(GenericArgument::Type(ty)) = arguments.args.last()
    {
        return innermost(ty);
    }
    segment.ident.to_string()
}

/// The kinds of `snapshot!`, with the groups and names of `kinds!`.
fn kinds(kept: &str, declared: &str, types: &mut Types) -> Result<()> {
    let declared: BTreeMap<&str, (&str, &str)> = declared
        .split(';')
        .filter_map(|line| {
            let (before, names) = line.rsplit_once(" = ")?;
            let variant = before.split_whitespace().last()?;
            let mut quoted = names.split('"').skip(1).step_by(2);
            Some((variant, (quoted.next()?, quoted.next()?)))
        })
        .collect();
    for line in kept.split(';').filter(|line| line.contains(" in ")) {
        let wrong = || format!("this line of `snapshot!` is not understood: {line}");
        let (left, right) = line.rsplit_once('=').ok_or_else(wrong)?;
        let (variant, places) = right.split_once(" in ").ok_or_else(wrong)?;
        let path: Vec<&str> =
            left.rsplit_once(" : ").ok_or_else(wrong)?.1.split("::").map(str::trim).collect();
        let (module, name) = (path.first().ok_or_else(wrong)?, path.last().ok_or_else(wrong)?);
        let of = types.resolve(module, name).or_else(|| {
            let below = |(known, of): &&Name| of == name && known.starts_with(&format!("{module}::"));
            types.messages.keys().find(below).cloned()
        });
        let (group, kind) = declared.get(variant.trim()).ok_or_else(wrong)?;
        types.kinds.push(Kind {
            group: (*group).into(),
            name: (*kind).into(),
            of: of.ok_or_else(wrong)?,
            places: places.split(" and ").map(|place| place.trim().to_owned()).collect(),
        });
    }
    Ok(())
}
