//! What an object is: its API version, kind and metadata, checked as the API server checks them.

use std::cell::LazyCell;
use std::collections::BTreeMap;

use super::items::Item;
use super::names::{self, NameError};
use super::object::Meta;
use super::read::refused;
use crate::Str;
use crate::kind::{Kind, NameRule};
use crate::names::ObjectRef;
use crate::nearest::nearest;
use crate::problem::{Code, Problem};
use crate::text::{Node, Span, Unread};

/// What an object says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Identity<'t> {
    Known { kind: Kind, api_version: &'t str },
    Unknown { api_version: &'t str, kind: &'t str },
}

/// Finds out what an object is.
pub(super) fn identify(item: Item<'_>) -> Result<Identity<'_>, Box<Problem>> {
    let node = item.node;
    let problem = |code, message: String| Box::new(Problem::new(code, message).at(head(node)));
    if !node.is_mapping() {
        return Err(problem(Code::NotAnObject, format!("expected an object, found {}", noun(node))));
    }
    for key in ["kind", "apiVersion"] {
        if let Some(value) = node.get(key).filter(|value| !value.is_null() && value.as_str().is_none()) {
            let place = node.document().file().place(value.span());
            let message = format!("expected a string, found {}", noun(value));
            return Err(Box::new(Problem::new(Code::WrongType, message).at(place).field(key)));
        }
    }
    let Some(kind) = item.kind() else {
        return Err(problem(Code::MissingKind, "the object has no `kind`".into()));
    };
    let Some(api_version) = item.api_version() else {
        let found = problem(Code::MissingApiVersion, format!("the {kind} has no `apiVersion`"));
        return Err(match suggestion(kind) {
            Some(version) => Box::new(found.help(format!("add `apiVersion: {version}`"))),
            None => found,
        });
    };
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    match Kind::find(group, kind) {
        None => match elsewhere(group, api_version, kind) {
            Some(reason) => {
                let found = problem(Code::UnsupportedVersion, reason).field("apiVersion");
                let version = suggestion(kind).unwrap_or_default();
                Err(Box::new(found.help(format!("write `apiVersion: {version}`"))))
            }
            None => Ok(Identity::Unknown { api_version, kind }),
        },
        Some(known) if known.versions().contains(&version) => {
            Ok(Identity::Known { kind: known, api_version })
        }
        Some(known) => {
            let versions: Vec<String> =
                known.versions().iter().map(|version| format!("`{version}`")).collect();
            let message = format!("{kind} has no version `{version}`");
            let help = format!("the versions of {group} {kind} are {}", versions.join(", "));
            Err(Box::new(problem(Code::UnsupportedVersion, message).field("apiVersion").help(help)))
        }
    }
}

/// What is wrong with the group of an object whose kind is known in another one: a group that is read has no
/// kind of that name, or is misspelt. Of other groups nothing is known: they may well have one.
fn elsewhere(group: &str, api_version: &str, kind: &str) -> Option<String> {
    let is_kind = Kind::ALL.iter().any(|known| known.name() == kind);
    let groups = || Kind::ALL.iter().map(|known| known.group());
    if !is_kind {
        None
    } else if group.is_empty() && api_version.contains('.') {
        Some(format!("`{api_version}` is a group without a version"))
    } else if group.is_empty() {
        Some(format!("{kind} is no kind of the core group, whose version is `{api_version}`"))
    } else if groups().any(|known| known == group) {
        Some(format!("the group `{group}` has no kind {kind}"))
    } else {
        let of_kind = Kind::ALL.iter().filter(|known| known.name() == kind).map(|known| known.group());
        nearest(group, of_kind).map(|near| format!("there is no group `{group}`, but `{near}`"))
    }
}

/// The `apiVersion` that an object of this kind most likely has.
fn suggestion(kind: &str) -> Option<String> {
    let known = Kind::ALL.iter().copied().find(|known| known.name() == kind)?;
    let version = known.versions().first()?;
    Some(if known.group().is_empty() {
        (*version).to_owned()
    } else {
        format!("{}/{version}", known.group())
    })
}

/// Reads and checks an object's metadata, and what is wrong with the values of its labels: the API server
/// refuses them, but they can be read as they are, so that the rest of what the object would do is seen.
///
/// # Errors
///
/// Names and keys that cannot be; all that is wrong with the metadata at once.
pub(super) fn metadata(
    item: Item<'_>,
    kind: Kind,
    unread: &Unread,
) -> Result<(Meta, Vec<Problem>), Vec<Problem>> {
    let mut meta: Meta = item
        .node
        .field("metadata", unread)
        .map_err(|error| vec![refused(&error, item).on(claimed(item.node, kind))])?;
    settle(&mut meta, kind);
    let (mut problems, values) = check(item, kind, &meta);
    if problems.is_empty() {
        return Ok((meta, values));
    }
    problems.extend(values);
    Err(problems)
}

/// The namespace of an object that names none.
pub(super) fn settle(meta: &mut Meta, kind: Kind) {
    if !kind.is_namespaced() {
        meta.namespace = "".into();
    } else if meta.namespace.is_empty() {
        meta.namespace = "default".into();
    }
}

/// What is wrong with names and keys, and with the values of labels.
pub(super) fn check(item: Item<'_>, kind: Kind, meta: &Meta) -> (Vec<Problem>, Vec<Problem>) {
    let object = ObjectRef::new(kind, meta.namespace.clone(), meta.name.clone());
    let check = Check { node: item.node, object };
    let mut problems = check.names(meta, kind.name_rule());
    problems.extend(check.keys("labels", meta.labels.keys()));
    problems.extend(check.annotations(meta));
    (problems, check.label_values(meta))
}

/// The identity that an object's metadata claims, when it cannot be read as a whole.
pub(super) fn claimed(node: Node<'_>, kind: Kind) -> ObjectRef {
    let text = |key: &str| node.get("metadata").and_then(|meta| meta.get(key)).and_then(Node::as_str);
    let namespace = if kind.is_namespaced() { text("namespace").unwrap_or("default") } else { "" };
    ObjectRef::new(kind, namespace, text("name").unwrap_or_default())
}

struct Check<'t> {
    node: Node<'t>,
    object: ObjectRef,
}

impl Check<'_> {
    fn names(&self, meta: &Meta, rule: NameRule) -> Vec<Problem> {
        let mut problems = Vec::new();
        if meta.name.is_empty() {
            problems.push(self.missing_name(meta));
        } else if let Err(error) = names::check(rule, &meta.name) {
            problems.push(self.invalid(Code::InvalidName, "metadata.name", &meta.name, error));
        }
        if !meta.namespace.is_empty()
            && let Err(error) = names::check_label(&meta.namespace)
        {
            problems.push(self.invalid(Code::InvalidName, "metadata.namespace", &meta.namespace, error));
        }
        problems
    }

    fn missing_name(&self, meta: &Meta) -> Problem {
        let problem =
            Problem::new(Code::MissingName, format!("the {} has no `metadata.name`", self.object.kind))
                .at(head(self.node))
                .on(self.object.clone())
                .field("metadata.name");
        if meta.generate_name.is_empty() {
            return problem;
        }
        problem.help("`generateName` is no name: the API server makes one up when it creates the object")
    }

    fn label_values(&self, meta: &Meta) -> Vec<Problem> {
        let spans = LazyCell::new(|| self.spans("labels"));
        let problem = |(key, value): (&Str, &Str)| {
            let error = names::check_value(value).err()?;
            let field = format!("metadata.labels[{key:?}]");
            let span = spans.get(key.as_str()).map_or(self.node.span(), |(_, value)| *value);
            let problem = self.refused(Code::InvalidLabel, &field, value, error);
            Some(self.at(span, problem.help("the API server refuses the object; here it is read as it is")))
        };
        meta.labels.iter().filter_map(problem).collect()
    }

    fn annotations(&self, meta: &Meta) -> Vec<Problem> {
        let mut problems = self.keys("annotations", meta.annotations.keys());
        let annotations = meta.annotations.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        if let Err(error) = names::check_size(annotations) {
            problems.push(self.invalid(Code::InvalidLabel, "metadata.annotations", "annotations", error));
        }
        problems
    }

    fn keys<'k>(&self, map: &str, keys: impl Iterator<Item = &'k Str>) -> Vec<Problem> {
        // The API server checks annotation keys in lower case, so that it takes them in any.
        let spelled = |key: &str| if map == "annotations" { key.to_lowercase() } else { key.to_owned() };
        let spans = LazyCell::new(|| self.spans(map));
        let problem = |key: &Str| {
            let error = names::check_key(&spelled(key)).err()?;
            let span = spans.get(key.as_str()).map_or(self.node.span(), |(key, _)| *key);
            let field = format!("metadata.{map}[{key:?}]");
            Some(self.at(span, self.refused(Code::InvalidLabel, &field, key, error)))
        };
        keys.filter_map(problem).collect()
    }

    /// Where the keys and values of a mapping of the metadata stand: looked up once for all that are wrong.
    fn spans(&self, map: &str) -> BTreeMap<&str, (Span, Span)> {
        let mapping = self.node.get("metadata").and_then(|metadata| metadata.get(map));
        let pairs = mapping.into_iter().flat_map(Node::key_nodes);
        pairs.map(|(key, value)| (key.text(), (key.span(), value.span()))).collect()
    }

    fn at(&self, span: Span, problem: Problem) -> Problem {
        problem.at(self.node.document().file().place(span))
    }

    fn invalid(&self, code: Code, field: &str, value: &str, error: NameError) -> Problem {
        self.at(self.node.locate_nearest(field), self.refused(code, field, value, error))
    }

    fn refused(&self, code: Code, field: &str, value: &str, error: NameError) -> Problem {
        let shown: String = value.chars().take(80).collect();
        Problem::new(code, format!("`{shown}` {error}")).on(self.object.clone()).field(field)
    }
}

/// The place of an object's first line: an object as a whole is too long to underline.
fn head(node: Node<'_>) -> crate::problem::Place {
    let file = node.document().file();
    let span = node.span();
    let text = file.text().get(span.start as usize..span.end as usize).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default().len();
    let end = span.start.saturating_add(u32::try_from(line).unwrap_or(u32::MAX));
    file.place(Span { start: span.start, end })
}

fn noun(node: Node<'_>) -> String {
    node.describe()
}
