//! What all objects have in common: metadata, identity, and where they were read.

use serde::Deserialize;

use super::timestamp::Timestamp;
use crate::Str;
use crate::kind::Kind;
use crate::names::ObjectRef;
use crate::snapshot::Labels;
use crate::well_known::REVISION;

/// A kind of object that is deserialized from a snapshot's text.
pub trait Resource: Sized {
    /// The kind that this type holds.
    const KIND: Kind;
}

/// An object of the snapshot: its metadata, its own part, and where it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Object<T> {
    /// `metadata`, with the namespace filled in.
    pub meta: Meta,
    /// What is particular to the kind.
    pub spec: T,
    /// Where the object stands in the input.
    pub source: Source,
}

impl<T: Resource> Object<T> {
    /// The object's identity.
    #[must_use]
    pub fn object_ref(&self) -> ObjectRef {
        self.meta.object_ref(T::KIND)
    }
}

/// The part of Kubernetes' ObjectMeta that matters here, and the version of the API that the object is
/// written in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    /// The object's `apiVersion`: the API server checks each version by its own schema.
    #[serde(skip)]
    pub api_version: Str,
    /// The cluster that the object is in; empty for the control plane's own.
    #[serde(skip)]
    pub cluster: Str,
    /// The name, unique within kind and namespace.
    pub name: Str,
    /// The namespace; empty for kinds of the cluster.
    pub namespace: Str,
    /// The prefix from which the API server makes a name; an object that has nothing else cannot be read.
    pub generate_name: Str,
    /// The API server's identity for this object; empty in files that were never applied.
    pub uid: Str,
    /// Labels, sorted by key.
    pub labels: Labels,
    /// Annotations, sorted by key.
    pub annotations: Labels,
    /// When the object was created: older objects win conflicts.
    pub creation_timestamp: Option<Timestamp>,
    /// When the object was asked to go.
    pub deletion_timestamp: Option<Timestamp>,
    /// The objects that own this one.
    pub owner_references: Vec<OwnerReference>,
    /// How often the spec changed.
    pub generation: i64,
}

/// The annotation of objects that nothing but an assumption has made, and of those whose address it has.
const ASSUMED: &str = "waypoint-xds.io/assumed";
/// Its value where only the address is assumed.
const ADDRESS: &str = "address";

impl Meta {
    /// What identifies an object of this kind.
    #[must_use]
    pub fn object_ref(&self, kind: Kind) -> ObjectRef {
        ObjectRef {
            kind,
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            cluster: self.cluster.clone(),
        }
    }

    /// Whether a control plane of a revision reads the object: its label names that revision, or none.
    #[must_use]
    pub fn is_read_by(&self, revision: &str) -> bool {
        self.labels.get(REVISION).is_none_or(|of| of == revision)
    }

    /// Marks the object as one that is only assumed to be there.
    pub fn assume(&mut self) {
        self.annotations.extend([(Str::new_static(ASSUMED), Str::new_static("true"))]);
    }

    /// Marks the object as one that is there, but whose address is only assumed.
    pub fn assume_address(&mut self) {
        self.annotations.extend([(Str::new_static(ASSUMED), Str::new_static(ADDRESS))]);
    }

    /// Whether the object is only assumed to be there.
    #[must_use]
    pub fn is_assumed(&self) -> bool {
        self.annotations.get(ASSUMED).is_some_and(|value| value != ADDRESS)
    }

    /// Whether the object is there, but its address is only assumed.
    #[must_use]
    pub fn has_assumed_address(&self) -> bool {
        self.annotations.get(ASSUMED).is_some_and(|value| value == ADDRESS)
    }
}

/// One of the objects that own an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    /// The owner's `apiVersion`.
    pub api_version: Str,
    /// The owner's kind.
    pub kind: Str,
    /// The owner's name.
    pub name: Str,
    /// The owner's uid.
    pub uid: Str,
    /// Whether the owner manages the object.
    pub controller: bool,
}

/// Where an object stands in the input. Small on purpose: lines and columns, and the place of a field, are
/// found by reading the document again, and only when somebody asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Source {
    /// Index of the file in [`Files`](super::files::Files).
    pub file: u32,
    /// Byte offset of the document's text in the file.
    pub document: u32,
    /// Which of the document's objects this is: 0 for a plain object, the element's index for a list.
    pub item: u32,
    /// Byte offset of the object's first byte in the file.
    pub start: u32,
    /// Byte offset behind the object's last byte in the file.
    pub end: u32,
}
