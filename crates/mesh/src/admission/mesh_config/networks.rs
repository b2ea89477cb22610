//! The networks of a mesh: what `istiod` reads beside the mesh configuration.

use serde::{Deserialize, Deserializer};

use super::in_force::{CONFIG_MAP, root_namespace};
use crate::limits::Limits;
use crate::options::Options;
use crate::problem::Problem;
use crate::snapshot::Snapshot;
use crate::snapshot::mesh_networks::MeshNetworks;
use crate::text::{SourceFile, Unread, documents};

/// The key of the ConfigMap `istio` that has the networks.
const KEY: &str = "meshNetworks";

/// The networks in the key `meshNetworks` of the ConfigMap `istio`; none where that cannot be read.
/// Source: <https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/#MeshNetworks>.
pub(crate) fn networks(snapshot: &Snapshot, options: &Options, problems: &mut Vec<Problem>) -> MeshNetworks {
    let (name, _) = CONFIG_MAP;
    let mut candidates = snapshot.config_maps.iter().filter(|object| object.meta.name == name);
    let found = candidates.find_map(|object| {
        let text = object.spec.data.get(KEY)?;
        (object.meta.namespace == root_namespace(options)).then_some((object, text))
    });
    let Some((object, text)) = found else { return MeshNetworks::default() };
    let file = SourceFile::new(format!("{} data.{KEY}", object.object_ref()), text.as_str());
    read(&file, &options.limits).unwrap_or_else(|problem| {
        problems.push(problem.on(object.object_ref()).field(format!("data.{KEY}")));
        MeshNetworks::default()
    })
}

fn read(file: &SourceFile, limits: &Limits) -> Result<MeshNetworks, Box<Problem>> {
    let Some(document) = documents(file, limits).next().transpose()? else {
        return Ok(MeshNetworks::default());
    };
    let read = document.root().decode::<AnySpelling>(&Unread::new());
    let AnySpelling(networks) =
        read.map_err(|error| Problem::new(error.code(), error.to_string()).at(file.place(error.span())))?;
    Ok(networks)
}

/// Networks whose fields may be spelled `fromCidr` or `from_cidr`.
struct AnySpelling(MeshNetworks);

impl<'de> Deserialize<'de> for AnySpelling {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        MeshNetworks::read(deserializer).map(Self)
    }
}
