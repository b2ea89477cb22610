//! Fields of objects that the API server of a release drops: no schema has them, or not that release's.

use std::collections::BTreeSet;

use crate::kind::Kind;
use crate::names::ObjectRef;
use crate::nearest::{did_you_mean, nearest};
use crate::problem::{self, Code, Problem, Severity};
use crate::release::Release;
use crate::schema::{Column, Place, Releases, Step};
use crate::text::Node;
use crate::validation::Validation;

/// A field that no type here has, and that not every release has either.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StrayField {
    object: ObjectRef,
    /// The path in the object.
    field: String,
    place: problem::Place,
    /// The releases that know it.
    known: Releases,
    /// The field that its author may have meant.
    meant: Option<&'static str>,
}

impl StrayField {
    /// What is to be said of it, if anything.
    pub(crate) fn problem(&self, release: Release, validation: Validation) -> Option<Problem> {
        let unknown = self.known.is_empty();
        if validation == Validation::Ignore && unknown || self.known.contain(Column::of(release)) {
            return None;
        }
        let name = self.field.rsplit('.').next().unwrap_or_default();
        let problem = if unknown {
            let severity = if validation == Validation::Strict { Severity::Error } else { Severity::Warning };
            let message =
                format!("no release of the API has the field `{name}` here: the API server drops it");
            Problem::new(Code::UnknownField, message).severity(severity)
        } else {
            let known = self.known;
            let message = format!(
                "Istio {release} does not know this field, which is in {known}: its API server drops it"
            );
            Problem::new(Code::UnsupportedField, message).help("remove it, or choose a release that knows it")
        };
        let problem = problem.on(self.object.clone()).field(self.field.as_str()).at(self.place.clone());
        Some(match self.meant {
            Some(meant) => problem.help(did_you_mean([meant])),
            None => problem,
        })
    }
}

/// Kinds that share types with others, which have fields that these have not: nobody tells that such a field
/// is not read.
const OF_SHARED_TYPES: [Kind; 4] =
    [Kind::GrpcRoute, Kind::TcpRoute, Kind::TlsRoute, Kind::XBackendTrafficPolicy];

/// Sorts the fields of an object that nobody read into those that are known and not needed, which are
/// counted, and those that are stray.
pub(super) struct Sorter<'t> {
    root: Node<'t>,
    kind: Kind,
    object: ObjectRef,
    /// The mapping that was looked at last, and its place in the schema: the fields of one come together.
    last: Option<(Node<'t>, Place)>,
}

impl<'t> Sorter<'t> {
    pub(super) fn new(root: Node<'t>, object: ObjectRef) -> Self {
        Self { root, kind: object.kind, object, last: None }
    }

    /// Looks at all fields, where that is the only way to find those that do not belong there. Those of this
    /// object that were found before stand behind `before`.
    pub(super) fn all_of_shared_types(&self, before: usize, stray: &mut Vec<StrayField>) {
        let spec = self.root.get("spec").filter(|_| OF_SHARED_TYPES.contains(&self.kind));
        let Some(spec) = spec else { return };
        let Step::Known(place) = Place::of(self.kind).key("spec") else { return };
        let mut found = Vec::new();
        self.below(place, spec, &mut found);
        let known: BTreeSet<&str> = stray.iter().skip(before).map(|field| field.field.as_str()).collect();
        // Of what is newer and read, admission tells.
        found.retain(|field| field.known.is_empty() && !known.contains(field.field.as_str()));
        stray.extend(found);
    }

    /// Looks at all fields of an object that cannot be read, for those that no release has: of others
    /// admission tells.
    pub(super) fn all_unknown(&self, stray: &mut Vec<StrayField>) {
        let mut found = Vec::new();
        self.all(&mut found);
        found.retain(|field| field.known.is_empty());
        stray.extend(found);
    }

    /// Looks at all fields of an object that is only looked at: none of them counts as read.
    pub(super) fn all(&self, stray: &mut Vec<StrayField>) {
        let place = Place::of(self.kind);
        if !place.has_fields() {
            return;
        }
        for (key, value) in self.root.entries().filter(|(_, value)| !value.is_null()) {
            match key {
                "apiVersion" | "kind" => {}
                "metadata" => self.below(Place::metadata(), value, stray),
                key => self.entry(place, key, value, stray),
            }
        }
    }

    /// Whether a field that nobody read is known, and all that is below it. What is not is added to `stray`.
    pub(super) fn is_known(&mut self, field: Node<'t>, stray: &mut Vec<StrayField>) -> bool {
        let before = stray.len();
        if let Some((mapping, place)) = self.place_of_parent(field)
            && let Some(key) = mapping.key_of(field)
        {
            self.entry(place, key, field, stray);
        }
        stray.len() == before
    }

    /// The mapping that a field is in, and its place in the schema, if everything on the way is known.
    fn place_of_parent(&mut self, field: Node<'t>) -> Option<(Node<'t>, Place)> {
        let parent = field.parent()?;
        if let Some(last) = self.last.filter(|(mapping, _)| mapping.is(parent)) {
            return Some(last);
        }
        let mut place = Place::of(self.kind);
        let mut above = parent;
        let mut trail = vec![parent];
        while !above.is(self.root) {
            above = above.parent()?;
            trail.push(above);
        }
        for step in trail.windows(2).rev() {
            let &[child, parent] = step else { continue };
            let next = match parent.key_of(child) {
                Some("metadata") if parent.is(self.root) => Step::Known(Place::metadata()),
                Some(key) => place.key(key),
                None => place.element(),
            };
            let Step::Known(next) = next else { return None };
            place = next;
        }
        self.last = Some((parent, place));
        self.last
    }

    fn entry(&self, place: Place, key: &str, value: Node<'t>, stray: &mut Vec<StrayField>) {
        match place.key(key) {
            Step::Free => {}
            Step::Known(below) if below.known == Releases::ALL => self.below(below, value, stray),
            Step::Known(below) => stray.push(self.stray(value, below.known, None)),
            Step::Unknown => {
                stray.push(self.stray(value, Releases::NONE, nearest(key, place.names())));
            }
        }
    }

    /// Everything below a field that is known.
    fn below(&self, place: Place, value: Node<'t>, stray: &mut Vec<StrayField>) {
        let mut todo = vec![(place, value)];
        while let Some((place, node)) = todo.pop() {
            if place.is_leaf() {
                continue;
            }
            for item in node.items() {
                if let Step::Known(below) = place.element() {
                    todo.push((below, item));
                }
            }
            for (key, value) in node.entries().filter(|(_, value)| !value.is_null()) {
                match place.key(key) {
                    Step::Known(below) if below.known == Releases::ALL => todo.push((below, value)),
                    _ => self.entry(place, key, value, stray),
                }
            }
        }
    }

    fn stray(&self, value: Node<'t>, known: Releases, meant: Option<&'static str>) -> StrayField {
        let parent = value.parent();
        let span = parent.and_then(|parent| parent.span_of_key(value)).unwrap_or(value.span());
        StrayField {
            object: self.object.clone(),
            field: value.path_from(self.root),
            place: value.document().file().place(span),
            known,
            meant,
        }
    }
}
