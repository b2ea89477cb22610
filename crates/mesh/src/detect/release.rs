//! Which release of Istio a snapshot comes from.

use crate::Str;
use crate::options::Options;
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::{ControlPlane, Labels, Object, ObjectRef, Reading, Snapshot};
use crate::well_known::{MANAGED, MANAGED_WAYPOINT, WAYPOINT_CLASS};

/// What tells the release of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Detected {
    /// The release.
    pub release: Release,
    /// The image or the version that tells it.
    pub version: Str,
    /// The object that names it.
    pub object: ObjectRef,
    /// The field in which an installation names it; empty for an image.
    pub field: &'static str,
}

/// The annotations that name the whole image of a waypoint's proxy.
const PROXY_IMAGE: &str = "sidecar.istio.io/proxyImage";

/// The release of a snapshot's control plane: that of istiod's image, or of what installs one; else that of
/// its waypoints' proxies. None where nothing names a known release.
#[must_use]
pub fn release(reading: &Reading) -> Option<Detected> {
    let snapshot = &reading.snapshot;
    of_pods(snapshot, is_istiod)
        .or_else(|| of_installation(reading))
        .or_else(|| of_pods(snapshot, is_waypoint))
        .or_else(|| of_gateways(snapshot))
}

/// The options with the snapshot's own release, where that is asked for, and a note of which it is.
pub(super) fn with_detected(reading: &Reading, mut options: Options) -> (Options, Option<Problem>) {
    if !options.detect_release {
        return (options, None);
    }
    let note = |message| Problem::new(Code::ReleaseDetected, message);
    let Some(found) = release(reading) else {
        let message = format!("nothing names a release: Istio {} was taken", options.release);
        return (options, Some(note(message)));
    };
    options.release = found.release;
    let what = if found.field.is_empty() { "the image" } else { "the version" };
    let note = note(format!("{what} `{}` is of Istio {}", found.version, found.release));
    (options, Some(note.on(found.object).field(found.field)))
}

/// What an IstioOperator, or an operator's resource, that was never applied would install.
fn of_installation(reading: &Reading) -> Option<Detected> {
    let known = |version: &Str| version.parse::<Release>().ok();
    let named = |plane: &ControlPlane| plane.version.clone().filter(|(_, version)| known(version).is_some());
    let (installation, plane) = reading.control_plane(|plane| named(plane).is_some())?;
    let (field, version) = named(plane)?;
    Some(Detected { release: known(&version)?, version, object: installation.object.clone(), field })
}

fn of_pods(snapshot: &Snapshot, wanted: impl Fn(&Labels) -> bool) -> Option<Detected> {
    let pods = snapshot.pods.iter().filter(|pod| wanted(&pod.meta.labels));
    pods.flat_map(|pod| pod.spec.containers.iter().map(move |container| (pod, &container.image)))
        .find_map(|(pod, image)| detected(image, || pod.object_ref()))
}

fn of_gateways(snapshot: &Snapshot) -> Option<Detected> {
    let waypoints = snapshot.gateways.iter().filter(|g| g.spec.gateway_class_name == WAYPOINT_CLASS);
    waypoints
        .filter_map(|gateway| Some((gateway, image(gateway)?)))
        .find_map(|(gateway, image)| detected(image, || gateway.object_ref()))
}

fn image(gateway: &Object<Gateway>) -> Option<&Str> {
    let asked = gateway.spec.infrastructure.as_ref().and_then(|asked| asked.annotations.get(PROXY_IMAGE));
    asked.or_else(|| gateway.meta.annotations.get(PROXY_IMAGE))
}

fn is_istiod(labels: &Labels) -> bool {
    labels.get("app").is_some_and(|app| app == "istiod")
}

fn is_waypoint(labels: &Labels) -> bool {
    labels.get(MANAGED).is_some_and(|by| by == MANAGED_WAYPOINT)
}

fn detected(image: &Str, object: impl FnOnce() -> ObjectRef) -> Option<Detected> {
    // A digest may follow the tag; a registry's port comes before the last slash.
    let name = image.split('@').next()?.rsplit('/').next()?;
    let (_, tag) = name.split_once(':')?;
    Some(Detected { release: tag.parse().ok()?, version: image.clone(), object: object(), field: "" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;
    use crate::text::SourceFile;

    fn found(yaml: &str) -> Option<(Release, String)> {
        let reading = Snapshot::read([SourceFile::new("a.yaml", yaml)], &Limits::DEFAULT);
        release(&reading).map(|found| (found.release, found.object.name.to_string()))
    }

    fn pod(name: &str, label: &str, image: &str) -> String {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop, labels: {{{label}}}}}\n\
             spec: {{containers: [{{name: c, image: '{image}'}}]}}\n"
        )
    }

    #[test]
    fn the_control_plane_tells_before_waypoints_do() {
        let waypoint = pod("w", "gateway.istio.io/managed: istio.io-mesh-controller", "istio/proxyv2:1.29.4");
        let istiod = pod("i", "app: istiod", "reg.example:5000/istio/pilot:1.30.1-distroless@sha256:ab");
        assert_eq!(found(&waypoint), Some((Release::V1_29, "w".to_owned())));
        assert_eq!(found(&(waypoint + &istiod)), Some((Release::V1_30, "i".to_owned())));
    }

    #[test]
    fn images_without_a_known_release_tell_nothing() {
        for image in ["reg.example:1.30/pilot", "pilot:latest", "pilot:1.17.2", "pilot@sha256:ab", ""] {
            assert_eq!(found(&pod("i", "app: istiod", image)), None, "{image}");
        }
        assert_eq!(found(&pod("other", "app: web", "web:1.30.1")), None);
    }

    #[test]
    fn an_installation_names_its_version() {
        let operator = |spec: &str| {
            format!(
                "---\napiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\nmetadata: {{name: o}}\nspec: {spec}\n"
            )
        };
        let of = |spec: &str| found(&operator(spec)).map(|(release, _)| release);
        assert_eq!(of("{tag: 1.30.1-distroless}"), Some(Release::V1_30));
        assert_eq!(of("{tag: 1.29}"), Some(Release::V1_29), "a number");
        assert_eq!(
            of("{tag: 1.30.0, components: {pilot: {tag: 1.29.2}}}"),
            Some(Release::V1_29),
            "istiod's own"
        );
        assert_eq!(of("{values: {global: {tag: 1.18.2}}}"), Some(Release::V1_18));
        assert_eq!(
            of("{tag: 1.30.0, values: {global: {tag: 1.18.2}, pilot: {tag: 1.29.0}}}"),
            Some(Release::V1_29)
        );
        assert_eq!(of("{tag: latest}"), None);
        let waypoint = pod("w", "gateway.istio.io/managed: istio.io-mesh-controller", "istio/proxyv2:1.29.4");
        assert_eq!(found(&(waypoint + &operator("{tag: 1.30.1}"))), Some((Release::V1_30, "o".to_owned())));
        let sail = "apiVersion: sailoperator.io/v1\nkind: Istio\nmetadata: {name: default}\nspec: {version: v1.30.2}\n";
        assert_eq!(found(sail), Some((Release::V1_30, "default".to_owned())));
    }

    #[test]
    fn an_installation_in_a_cluster_tells_nothing() {
        let applied = "apiVersion: install.istio.io/v1alpha1\nkind: IstioOperator\n\
            metadata: {name: o, creationTimestamp: '2026-05-04T09:30:00Z'}\nspec: {tag: 1.30.1}\n";
        assert_eq!(found(applied), None);
    }

    #[test]
    fn a_gateway_may_name_the_image() {
        let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
            metadata: {name: w, namespace: shop, annotations: {sidecar.istio.io/proxyImage: 'mine/proxyv2:1.29.0'}}\n\
            spec: {gatewayClassName: istio-waypoint, listeners: [{name: m, port: 15008, protocol: HBONE}]}\n";
        assert_eq!(found(gateway), Some((Release::V1_29, "w".to_owned())));
    }
}
