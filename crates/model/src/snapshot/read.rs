//! Documents to a snapshot.

use std::collections::BTreeMap;

use super::clusters;
use super::defaults;
use super::faults;
use super::files::Files;
use super::identity::{self, Identity};
use super::items::{self, Item};
use super::object::Source;
use super::passed_over::PassedOver;
use super::reported;
use super::stray::{Sorter, StrayField};
use super::summary::{Ignored, Summary};
use super::{ControlPlane, Labels, Snapshot};
use crate::Str;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::names::ObjectRef;
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::text::{DecodeError, Document, SourceFile, Span, Unread, documents};
use crate::validation::Validation;

/// What was read from files: the objects, the problems, and a summary.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The objects, sorted.
    pub snapshot: Snapshot,
    /// The files, to find places in.
    pub files: Files,
    /// What is wrong, sorted by place.
    pub problems: Vec<Problem>,
    /// What of the problems is in no file: whoever read the files told it.
    pub(crate) told: Vec<Problem>,
    /// What was read, ignored and left out.
    pub summary: Summary,
    /// Objects of kinds that no waypoint depends on, by kind, namespace and name. They count for nothing but
    /// for what is to be said of them.
    pub passed_over: Vec<PassedOver>,
    /// The objects whose status says something, and where they stand. Nobody keeps it: it is read again to be
    /// compared.
    pub reported: Vec<(ObjectRef, Source)>,
    /// What can be read of objects that cannot be read as a whole. Nobody sees it but admission, which says
    /// what else is wrong with them.
    #[doc(hidden)]
    pub unreadable: Snapshot,
    /// Fields that not every release has. What is to be said of them depends on the release.
    pub(crate) stray: Vec<StrayField>,
}

impl Snapshot {
    /// Reads files. Whatever is wrong with a document or an object costs no other one: it is left out, and a
    /// problem says why. Of two objects of the same kind, namespace and name the later one is kept, as
    /// `kubectl apply` does.
    #[must_use]
    pub fn read(files: impl IntoIterator<Item = SourceFile>, limits: &Limits) -> Reading {
        let mut reader = Reader::new(limits);
        for file in files {
            reader.file(file);
        }
        reader.finish()
    }
}

impl Reading {
    /// Adds what whoever read the files has to say of the snapshot: what is not in it, say.
    pub fn tell(&mut self, problems: impl IntoIterator<Item = Problem>) {
        self.told.extend(problems);
        self.told.sort();
        self.told.dedup();
        let is_new = |problem: &&Problem| self.problems.binary_search(problem).is_err();
        let new: Vec<Problem> = self.told.iter().filter(is_new).cloned().collect();
        self.problems.extend(new);
        self.problems.sort();
    }

    /// What whoever read the files has told of the snapshot.
    #[must_use]
    pub fn told(&self) -> &[Problem] {
        &self.told
    }

    /// What is to be said of fields that the API server of a release drops and that nothing here reads, in
    /// the order of the text: no release has them, or not that one. Of those that are read, admission says
    /// it.
    pub fn stray_fields(&self, release: Release, validation: Validation) -> impl Iterator<Item = Problem> {
        self.stray.iter().filter_map(move |field| field.problem(release, validation))
    }

    /// Gives problems that have an object or a field, but no place, the place of that field, and so what is
    /// related to them. Made for problems that later steps find; reads each document once, however many
    /// problems it has.
    pub fn locate(&self, problems: &mut [Problem]) {
        let mut asked = Vec::new();
        let mut whose = Vec::new();
        for problem in problems {
            let Problem { place, object, field, related, .. } = problem;
            let main = (place, &*object, field.as_str());
            let others =
                related.iter_mut().map(|other| (&mut other.place, &other.object, other.field.as_str()));
            for (place, object, field) in std::iter::once(main).chain(others) {
                let source = object.as_ref().and_then(|object| self.source(object));
                if let Some(source) = source.filter(|_| place.is_none()) {
                    asked.push((source, field));
                    whose.push(place);
                }
            }
        }
        let places = self.files.places(asked);
        for (to, place) in whose.into_iter().zip(places) {
            *to = place;
        }
    }

    /// The annotations of an object, one that is kept or one that was only looked at.
    pub fn annotations(&self, object: &ObjectRef) -> Option<&Labels> {
        let kept = self.snapshot.meta(object).map(|meta| &meta.annotations);
        kept.or_else(|| self.passed_over(object).map(|other| &other.annotations))
    }

    /// Where an object stands, one that is kept or one that was only looked at.
    pub fn source(&self, object: &ObjectRef) -> Option<Source> {
        let read = self.snapshot.source(object).or_else(|| self.unreadable.source(object));
        read.or_else(|| self.passed_over(object).map(|other| other.source))
    }

    /// What the snapshot tells of its control plane: the object and what it says. Istiod's own Deployment
    /// tells before what installs one. Without a revision the default one tells before others; of several
    /// that are alike none is taken. Nor is an installation that is in a cluster: there istiod's own settings
    /// count, and it reads no IstioOperator.
    pub fn control_plane(
        &self,
        revision: Option<&str>,
        is_wanted: impl Fn(&ControlPlane) -> bool,
    ) -> Option<(&PassedOver, &ControlPlane)> {
        let is_wanted =
            |plane: &ControlPlane| revision.is_none_or(|revision| plane.is_of(revision)) && is_wanted(plane);
        let all = || {
            let counts = |other: &PassedOver| other.object.kind == Kind::Deployment || other.is_new;
            let of = |other: &PassedOver| other.control_plane.as_deref().is_some_and(&is_wanted);
            self.passed_over.iter().filter(move |other| counts(other) && of(other))
        };
        let is_deployed = all().any(|other| other.object.kind == Kind::Deployment);
        let alike = || all().filter(move |other| (other.object.kind == Kind::Deployment) == is_deployed);
        let is_default =
            |other: &&PassedOver| other.control_plane.as_ref().is_some_and(|p| p.revision.is_empty());
        let found = only(alike().filter(is_default)).or_else(|| only(alike()))?;
        Some((found, found.control_plane.as_deref()?))
    }

    /// They are sorted.
    fn passed_over(&self, object: &ObjectRef) -> Option<&PassedOver> {
        let at = self.passed_over.partition_point(|other| other.object < *object);
        self.passed_over.get(at).filter(|other| other.object == *object)
    }
}

struct Reader<'l> {
    limits: &'l Limits,
    snapshot: Snapshot,
    unreadable: Snapshot,
    /// The cluster that is read of; empty for the control plane's own.
    cluster: Str,
    files: Files,
    problems: Vec<Problem>,
    summary: Summary,
    unread: BTreeMap<Kind, Unread>,
    passed_over: Vec<PassedOver>,
    reported: Vec<(ObjectRef, Source)>,
    stray: Vec<StrayField>,
}

impl<'l> Reader<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self {
            limits,
            snapshot: Snapshot::default(),
            unreadable: Snapshot::default(),
            cluster: Str::default(),
            files: Files::new(*limits),
            problems: Vec::new(),
            summary: Summary::default(),
            unread: BTreeMap::new(),
            passed_over: Vec::new(),
            reported: Vec::new(),
            stray: Vec::new(),
        }
    }

    fn file(&mut self, file: SourceFile) {
        let index = u32::try_from(self.summary.files).unwrap_or(u32::MAX);
        self.summary.files += 1;
        self.start_cluster(file.cluster());
        for document in documents(&file, self.limits) {
            match document {
                Ok(document) if document.root().is_null() => {}
                Ok(document) => self.document(&document, index),
                Err(problem) => {
                    self.summary.unreadable_documents += 1;
                    self.tell(problem);
                }
            }
        }
        self.files.push(file);
    }

    /// The first cluster that is named is the control plane's own, and so is what is not said to be in any.
    fn start_cluster(&mut self, name: Option<&Str>) {
        let own = &mut self.snapshot.cluster;
        self.cluster = Str::default();
        match name {
            Some(name) if own.is_empty() => own.clone_from(name),
            Some(name) if own != name => {
                self.snapshot.add_cluster(name);
                self.unreadable.add_cluster(name);
                self.cluster.clone_from(name);
            }
            _ => {}
        }
    }

    fn document(&mut self, document: &Document, file: u32) {
        self.summary.documents += 1;
        for problem in document.duplicate_keys() {
            self.tell(problem);
        }
        for (item, object) in (0..).zip(items::objects(document)) {
            let Span { start, end } = object.node.span();
            let source = Source { file, document: document.offset(), item, start, end };
            self.object(object, source);
        }
    }

    fn object(&mut self, item: Item<'_>, source: Source) {
        let identity = match identity::identify(item) {
            Ok(identity) => identity,
            Err(problem) => {
                self.summary.unidentified += 1;
                return self.tell(*problem);
            }
        };
        match identity {
            Identity::Unknown { api_version, kind } => self.ignore(api_version, kind, Ignored::UnknownKind),
            Identity::Known { kind, api_version } if !Snapshot::keeps(kind) => {
                self.ignore(api_version, kind.name(), Ignored::NotForWaypoints);
                let (mut object, problems) = PassedOver::new(item, kind, source);
                object.object.cluster.clone_from(&self.cluster);
                Sorter::new(item.node, object.object.clone()).all(&mut self.stray);
                self.stray.truncate(self.limits.problems);
                self.passed_over.push(object);
                problems.into_iter().for_each(|problem| self.tell(problem));
            }
            Identity::Known { kind, api_version }
                if !self.cluster.is_empty() && !clusters::is_read_from_others(kind) =>
            {
                self.ignore(api_version, kind.name(), Ignored::OfAnotherCluster);
            }
            Identity::Known { kind, api_version } => self.known(item, kind, api_version, source),
        }
    }

    fn ignore(&mut self, api_version: &str, kind: &str, why: Ignored) {
        *self.summary.ignored.entry((api_version.to_owned(), kind.to_owned(), why)).or_default() += 1;
    }

    fn known(&mut self, item: Item<'_>, kind: Kind, api_version: &str, source: Source) {
        let unread = self.unread.entry(kind).or_insert_with(Unread::keeping);
        unread.start_at(item.node);
        let part = self.snapshot.part_mut(&self.cluster);
        let (object, read_all_the_same) =
            match read(item, (kind, api_version), &self.cluster, source, part, unread) {
                Some(read) => read,
                None => return self.unreadable(item, kind, api_version, source),
            };
        // Pods' conditions are their node's, and there are many of them.
        if kind != Kind::Pod && reported::says_something(item.node) {
            self.reported.push((object.clone(), source));
        }
        let before = self.stray.len();
        let mut sorter = Sorter::new(item.node, object);
        for field in unread.take(item.node) {
            if sorter.is_known(field, &mut self.stray) {
                unread.add(field);
            }
        }
        sorter.all_of_shared_types(before, &mut self.stray);
        self.stray.truncate(self.limits.problems);
        read_all_the_same.into_iter().for_each(|problem| self.tell(problem));
    }

    /// Tells all that is wrong with an object that cannot be read.
    fn unreadable(&mut self, item: Item<'_>, kind: Kind, api_version: &str, source: Source) {
        if let Some(unread) = self.unread.get(&kind) {
            // What was met before does not count.
            unread.take(item.node).for_each(drop);
        }
        *self.summary.left_out.entry(kind).or_default() += 1;
        let problems = faults::of(item, (kind, api_version), &self.cluster, source, &mut self.unreadable);
        let mut object = identity::claimed(item.node, kind);
        object.cluster.clone_from(&self.cluster);
        Sorter::new(item.node, object).all_unknown(&mut self.stray);
        self.stray.truncate(self.limits.problems);
        problems.into_iter().for_each(|problem| self.tell(problem));
    }

    fn tell(&mut self, problem: Problem) {
        if self.problems.len() < self.limits.problems {
            self.problems.push(problem);
        } else {
            self.summary.problems_not_kept += 1;
        }
    }

    fn finish(mut self) -> Reading {
        let mut replaced_ones = self.snapshot.sort_and_replace();
        replaced_ones.extend(self.snapshot.remotes.iter_mut().flat_map(Snapshot::sort_and_replace));
        self.unreadable.sort_and_replace();
        self.unreadable.remotes.iter_mut().for_each(|part| drop(part.sort_and_replace()));
        for (object, earlier, later) in replaced_ones {
            self.summary.replaced += 1;
            let problem = replaced(&self.files, object, earlier, later);
            self.tell(problem);
        }
        for part in [&mut self.snapshot, &mut self.unreadable] {
            defaults::fill(part);
            part.remotes.iter_mut().for_each(defaults::fill);
        }
        self.snapshot.clusters().for_each(|part| part.count(&mut self.summary.read));
        for (kind, unread) in self.unread {
            self.summary.unread_total += unread.total();
            let paths = unread.into_paths().into_iter().map(|(path, count)| ((kind, path), count));
            self.summary.unread_fields.extend(paths);
        }
        self.problems.sort();
        self.passed_over.sort_by(|a, b| (&a.object, a.source).cmp(&(&b.object, b.source)));
        Reading {
            snapshot: self.snapshot,
            files: self.files,
            problems: self.problems,
            told: Vec::new(),
            summary: self.summary,
            passed_over: self.passed_over,
            reported: self.reported,
            unreadable: self.unreadable,
            stray: self.stray,
        }
    }
}

/// Reads an object and adds it to its part of the snapshot; gives what it is, and what is wrong with it
/// although it can be read.
fn read(
    item: Item<'_>,
    (kind, api_version): (Kind, &str),
    cluster: &Str,
    source: Source,
    part: Option<&mut Snapshot>,
    unread: &Unread,
) -> Option<(ObjectRef, Vec<Problem>)> {
    let (mut meta, problems) = identity::metadata(item, kind, unread).ok()?;
    meta.api_version = api_version.into();
    meta.cluster = cluster.clone();
    let object =
        ObjectRef { cluster: cluster.clone(), ..ObjectRef::new(kind, &*meta.namespace, &*meta.name) };
    if let Some(part) = part {
        part.add(kind, meta, source, item.node, unread).ok()?;
    }
    Some((object, problems))
}

/// What there is one of.
fn only<T>(mut all: impl Iterator<Item = T>) -> Option<T> {
    all.next().filter(|_| all.next().is_none())
}

/// The problem that a decoding error makes.
pub(super) fn refused(error: &DecodeError, item: Item<'_>) -> Problem {
    let place = item.node.document().file().place(error.span());
    Problem::new(error.code(), error.reason().to_string()).at(place).field(error.path())
}

fn replaced(files: &Files, object: ObjectRef, earlier: Source, later: Source) -> Problem {
    let message = format!("`{object}` stands in the input twice; this one replaces the earlier one");
    let problem = Problem::new(Code::ReplacedObject, message).at(files.place_of_object(later)).on(object);
    match files.place_of_object(earlier) {
        Some(place) => problem.related(place, "this one is ignored"),
        None => problem,
    }
}
