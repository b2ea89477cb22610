//! The files that a snapshot was read from, and where in them a field stands.

use std::collections::BTreeMap;

use super::items;
use super::object::Source;
use crate::limits::Limits;
use crate::problem::Place;
use crate::text::{Document, Documents, Finder, Node, SourceFile, Span};

/// The files of a snapshot, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    files: Vec<SourceFile>,
    limits: Limits,
}

impl Files {
    pub(super) fn new(limits: Limits) -> Self {
        Self { files: Vec::new(), limits }
    }

    pub(super) fn push(&mut self, file: SourceFile) {
        self.files.push(file);
    }

    /// The limits within which they were read.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// The files.
    pub fn iter(&self) -> std::slice::Iter<'_, SourceFile> {
        self.files.iter()
    }

    /// The file with this index ([`Source::file`]).
    #[must_use]
    pub fn get(&self, index: u32) -> Option<&SourceFile> {
        self.files.get(index as usize)
    }

    /// The file with this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.name() == name)
    }

    /// Where an object stands: no text is read again for that.
    #[must_use]
    pub fn place_of_object(&self, source: Source) -> Option<Place> {
        self.get(source.file).map(|file| file.place(Span { start: source.start, end: source.end }))
    }

    /// Where a field of an object stands, by its path (`spec.http[0].match[1].uri`); of a path that the
    /// object does not have, as much as it has. Reads the object's document again: for many fields ask
    /// [`Files::places`].
    #[must_use]
    pub fn place(&self, source: Source, field: &str) -> Option<Place> {
        self.places([(source, field)]).pop().flatten()
    }

    /// Whether an object has a field, by its path. Reads the object's document again.
    #[must_use]
    pub fn has(&self, source: Source, field: &str) -> bool {
        let Some(file) = self.get(source.file) else { return false };
        let mut documents = Documents::from_offset(file, &self.limits, source.document)
            .filter_map(Result::ok)
            .take_while(|document| document.offset() == source.document);
        documents.any(|document| {
            let mut objects = items::objects(&document).into_iter().enumerate();
            objects.any(|(item, object)| {
                (object.node.span().start, item) == (source.start, source.item as usize)
                    && object.node.find(field).is_some()
            })
        })
    }

    /// Where fields of objects stand, in the order asked. Reads each document that is asked about once.
    #[must_use]
    pub fn places<'f>(&self, fields: impl IntoIterator<Item = (Source, &'f str)>) -> Vec<Option<Place>> {
        let asked: Vec<(Source, &str)> = fields.into_iter().collect();
        let mut by_document: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
        for (at, (source, _)) in asked.iter().enumerate() {
            by_document.entry((source.file, source.document)).or_default().push(at);
        }
        let mut places = vec![None; asked.len()];
        for ((file, offset), questions) in by_document {
            let Some(file) = self.get(file) else { continue };
            let objects = self.spans_of_objects(file, offset, &questions, &asked);
            for (at, span) in objects {
                if let Some(place) = places.get_mut(at) {
                    *place = Some(file.place(span));
                }
            }
        }
        places
    }

    fn spans_of_objects(
        &self,
        file: &SourceFile,
        offset: u32,
        questions: &[usize],
        asked: &[(Source, &str)],
    ) -> Vec<(usize, Span)> {
        let documents = self.documents_at(file, offset);
        let objects = objects_of(&documents);
        let mut finder = Finder::default();
        let span_of = |&at: &usize| {
            let &(source, field) = asked.get(at)?;
            let object = objects.get(&(source.start, source.item as usize))?;
            Some((at, finder.locate_nearest(*object, field)))
        };
        questions.iter().filter_map(span_of).collect()
    }

    /// Reads objects again, each document once, and shows each to `see`, by its position among those asked
    /// for.
    pub fn visit(&self, asked: &[Source], mut see: impl FnMut(usize, Node<'_>)) {
        let mut by_document: BTreeMap<(u32, u32), Vec<usize>> = BTreeMap::new();
        for (at, source) in asked.iter().enumerate() {
            by_document.entry((source.file, source.document)).or_default().push(at);
        }
        for ((file, offset), questions) in by_document {
            let Some(file) = self.get(file) else { continue };
            let documents = self.documents_at(file, offset);
            let objects = objects_of(&documents);
            for at in questions {
                let object =
                    asked.get(at).and_then(|source| objects.get(&(source.start, source.item as usize)));
                if let Some(object) = object {
                    see(at, *object);
                }
            }
        }
    }

    /// One stretch between `---` lines can have several documents: all start at its offset.
    fn documents_at(&self, file: &SourceFile, offset: u32) -> Vec<Document> {
        Documents::from_offset(file, &self.limits, offset)
            .filter_map(Result::ok)
            .take_while(|document| document.offset() == offset)
            .collect()
    }
}

/// The objects of documents, by where each starts and its position in its document.
fn objects_of(documents: &[Document]) -> BTreeMap<(u32, usize), Node<'_>> {
    let mut objects = BTreeMap::new();
    for document in documents {
        for (item, object) in items::objects(document).into_iter().enumerate() {
            objects.insert((object.node.span().start, item), object.node);
        }
    }
    objects
}

impl<'f> IntoIterator for &'f Files {
    type Item = &'f SourceFile;
    type IntoIter = std::slice::Iter<'f, SourceFile>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
