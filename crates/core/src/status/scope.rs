//! Whose statuses a control plane writes: objects of its revision. Objects of namespaces that it does not
//! look at are not admitted (see [`crate::admission`]).
//!
//! Source: `istio.io/rev`.

use crate::controllers::revision_of;
use crate::mesh::Mesh;
use crate::snapshot::Meta;
use crate::well_known::DEFAULT_REVISION;

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
    revision_of(&mesh.snapshot, meta) == own(mesh)
}
