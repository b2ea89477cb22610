//! The mesh configuration of an installation: a cluster has it in a ConfigMap.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::note;
use crate::problem::Problem;
use crate::snapshot::kubernetes::ConfigMap;
use crate::snapshot::{self, Meta, Object, Reading, Snapshot};

/// The ConfigMap that istiod reads, and the key in it.
const NAMESPACE: &str = "istio-system";
const NAME: &str = "istio";
const KEY: &str = "mesh";

/// The ConfigMap that Istio would make of an installation that was never applied, and a note of it. None
/// where the snapshot has one, or where it is not plain whose it would be. Istio does not read an
/// installation that is in a cluster: there the ConfigMap counts.
pub(super) fn of_installation(reading: &Reading) -> Option<(Arc<Object<ConfigMap>>, Problem)> {
    if snapshot::find(&reading.snapshot.config_maps, NAMESPACE, NAME).is_some() {
        return None;
    }
    let (installation, plane) = reading.control_plane(|plane| plane.mesh_config.is_some())?;
    let (field, text) = plane.mesh_config.as_ref()?;
    let mut meta =
        Meta { name: NAME.into(), namespace: NAMESPACE.into(), api_version: "v1".into(), ..Meta::default() };
    meta.assume();
    let data = BTreeMap::from([(KEY.into(), text.as_str().into())]);
    let message = format!("assumed the ConfigMap {NAMESPACE}/{NAME} that Istio would make of `{field}`");
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
