//! What endpoints of Services outside of the mesh are said to be, where a flag has that said.
//!
//! Source: `LABEL_CANONICAL_SERVICES_FOR_MESH_EXTERNAL_SERVICE_ENTRIES` among the variables of
//! [pilot-discovery](https://istio.io/latest/docs/reference/commands/pilot-discovery/#envvars).

use crate::Str;
use crate::mesh::service::ServiceSource;
use crate::mesh::workload::naming;
use crate::mesh::{Mesh, Service};

/// The labels of a canonical service.
const NAME: &str = "service.istio.io/canonical-name";
const REVISION: &str = "service.istio.io/canonical-revision";

/// A Service outside of the mesh, as its endpoints say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// The namespace of the Service.
    pub namespace: Str,
    /// The name and the revision of the canonical service, where there is one: a ServiceEntry is one itself.
    pub canonical: Option<(Str, Str)>,
}

impl External {
    /// What the endpoints of a Service say of it.
    pub(super) fn of(mesh: &Mesh, service: &Service) -> Option<Self> {
        let is_said = mesh.options.features.label_canonical_services_for_mesh_external_service_entries;
        if !is_said || !service.mesh_external {
            return None;
        }
        let labels = &service.labels;
        let canonical = match &service.source {
            ServiceSource::ServiceEntry(object) => {
                let name = naming::canonical_name(labels, &object.meta.name);
                Some((name, naming::canonical_revision(labels)))
            }
            ServiceSource::Kubernetes(_) => {
                let revision = labels.get(REVISION).cloned().unwrap_or_default();
                labels.get(NAME).map(|name| (name.clone(), revision))
            }
        };
        Some(Self { namespace: service.namespace.clone(), canonical })
    }
}
