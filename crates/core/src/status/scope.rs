//! Whose statuses a control plane writes: objects of its revision. Objects of namespaces that it does not
//! look at are not admitted (see [`crate::admission`]).
//!
//! Source: `istio.io/rev`.

use crate::Str;
use crate::mesh::Mesh;
use crate::snapshot::{Labels, Meta};
use crate::well_known::{DEFAULT_REVISION, REVISION};

/// The revision of the control plane.
fn own(mesh: &Mesh) -> &str {
    mesh.options.revision.as_deref().unwrap_or(DEFAULT_REVISION)
}

/// Whether an object is of the control plane's revision, or of none.
pub(super) fn is_of_revision(mesh: &Mesh, meta: &Meta) -> bool {
    meta.is_read_by(own(mesh))
}

/// Whether the status of a Gateway API object is this control plane's to write: the namespace's revision
/// counts for objects that name none, and what names none is the default revision's.
pub(super) fn is_mine(mesh: &Mesh, meta: &Meta) -> bool {
    let of_namespace = || namespace_labels(mesh, &meta.namespace).get(REVISION);
    let named = meta.labels.get(REVISION).or_else(of_namespace).map_or("", Str::as_str);
    let revision = if named.is_empty() { DEFAULT_REVISION } else { named };
    revision == own(mesh)
}

fn namespace_labels<'m>(mesh: &'m Mesh, namespace: &str) -> &'m Labels {
    static NONE: Labels = Labels::new();
    let namespaces = &mesh.snapshot.namespaces;
    let found = namespaces.binary_search_by(|n| n.meta.name.as_str().cmp(namespace)).ok();
    found.and_then(|at| namespaces.get(at)).map_or(&NONE, |n| &n.meta.labels)
}
