//! The mesh configuration of an installation: a cluster has it in a ConfigMap.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::note;
use crate::problem::Problem;
use crate::rules::ROOT_NAMESPACE;
use crate::snapshot::kubernetes::ConfigMap;
use crate::snapshot::{self, ControlPlane, Meta, Object, Reading, Snapshot};
use crate::well_known::DEFAULT_REVISION;

/// The key that istiod reads of its ConfigMap.
const KEY: &str = "mesh";

/// The ConfigMap that Istio would make of an installation that was never applied, and a note of it. None
/// where the snapshot has one, or where it is not plain whose it would be. Istio does not read an
/// installation that is in a cluster: there the ConfigMap counts.
pub(super) fn of_installation(
    reading: &Reading,
    revision: Option<&str>,
) -> Option<(Arc<Object<ConfigMap>>, Problem)> {
    let (installation, plane) = reading.control_plane(revision, |plane| plane.mesh_config.is_some())?;
    let (field, text) = plane.mesh_config.as_ref()?;
    let name = ControlPlane::config_map(&plane.revision);
    let is_there = |name: &str| snapshot::find(&reading.snapshot.config_maps, ROOT_NAMESPACE, name).is_some();
    if is_there(&name) || revision.is_none() && is_there(&ControlPlane::config_map(DEFAULT_REVISION)) {
        return None;
    }
    let mut meta = Meta {
        name: name.clone(),
        namespace: ROOT_NAMESPACE.into(),
        api_version: "v1".into(),
        ..Meta::default()
    };
    meta.assume();
    let data = BTreeMap::from([(KEY.into(), text.as_str().into())]);
    let message = format!("assumed the ConfigMap {ROOT_NAMESPACE}/{name} that Istio would make of `{field}`");
    let note = note(message).on(installation.object.clone()).field(*field);
    Some((Arc::new(Object { meta, spec: ConfigMap { data }, source: installation.source }), note))
}

/// Adds it where it belongs.
pub(super) fn apply(snapshot: &mut Snapshot, config_map: Arc<Object<ConfigMap>>) {
    snapshot.config_maps.push(config_map);
    snapshot
        .config_maps
        .sort_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
}
