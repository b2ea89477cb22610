//! Which release of Istio a snapshot comes from.

use crate::Str;
use crate::options::Options;
use crate::problem::{Code, Problem};
use crate::release::Release;
use crate::snapshot::gateway_api::Gateway;
use crate::snapshot::passed_over::PassedOver;
use crate::snapshot::{ControlPlane, Labels, Object, ObjectRef, Reading, Snapshot};
use crate::version::{self, Version};
use crate::well_known::{DEFAULT_REVISION, MANAGED, MANAGED_WAYPOINT, REVISION, WAYPOINT_CLASS};

/// The annotations that name the whole image of a waypoint's proxy.
const PROXY_IMAGE: &str = "sidecar.istio.io/proxyImage";

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

/// The release of a snapshot's control plane: that of istiod's image, or of what installs one; else that of
/// its waypoints' proxies. None where nothing names a known release.
#[must_use]
pub fn release(reading: &Reading) -> Option<Detected> {
    of_revision(reading, None)
}

/// The release of the control plane of a revision; without one that of the default revision, else of any.
fn of_revision(reading: &Reading, revision: Option<&str>) -> Option<Detected> {
    named_versions(reading, revision).find_map(|named| {
        let Named { release, version, object, field } = named;
        Some(Detected { release: release?, version, object, field })
    })
}

/// A version that something names, be it one of a known release or not.
struct Named {
    release: Option<Release>,
    version: Str,
    object: ObjectRef,
    field: &'static str,
}

impl Named {
    /// The version as it is written, without the rest of an image's name.
    fn text(&self) -> &str {
        if self.field.is_empty() { version::tag(&self.version).unwrap_or_default() } else { &self.version }
    }
}

/// The versions of a snapshot, those that count first first.
fn named_versions<'r>(reading: &'r Reading, revision: Option<&'r str>) -> impl Iterator<Item = Named> {
    let snapshot = &reading.snapshot;
    let istiods = of_pods(snapshot, move |labels| is_istiod(labels) && is_of(labels, revision))
        .chain(of_pods(snapshot, move |labels| is_istiod(labels) && revision.is_none()))
        .chain(of_deployment(reading, revision))
        .chain(of_installation(reading, revision));
    istiods.chain(of_pods(snapshot, is_waypoint)).chain(of_gateways(snapshot))
}

/// The options with the snapshot's own release, where that is asked for, and a note of which it is.
pub(super) fn with_detected(reading: &Reading, mut options: Options) -> (Options, Option<Problem>) {
    if !options.detect_release {
        return (options, None);
    }
    let note = |message| Problem::new(Code::ReleaseDetected, message);
    let Some(found) = of_revision(reading, options.revision.as_deref()) else {
        return undetected(reading, options);
    };
    options.release = found.release;
    options.version = if found.field.is_empty() {
        Version::of_image(&found.version)
    } else {
        Version::exact(&found.version)
    };
    let what = if found.field.is_empty() { "the image" } else { "the version" };
    let note = note(format!("{what} `{}` is of Istio {}", found.version, found.release));
    (options, Some(note.on(found.object).field(found.field)))
}

/// The options where nothing names a known release: the next newer one than a version that is not known, or
/// the one that was given.
fn undetected(reading: &Reading, mut options: Options) -> (Options, Option<Problem>) {
    let unknown = named_versions(reading, options.revision.as_deref())
        .find_map(|named| Some((number(named.text())?, named)));
    let Some((number, named)) = unknown else {
        let message = format!("nothing names a release: Istio {} was taken", options.release);
        return (options, Some(Problem::new(Code::ReleaseDetected, message)));
    };
    let newer = Release::ALL.iter().find(|release| self::number(release.as_str()) > Some(number));
    options.release = newer.copied().unwrap_or(Release::LATEST);
    options.version = Version::exact(named.text());
    let message =
        format!("Istio {} is not supported: Istio {} is spoken for instead", named.text(), options.release);
    let problem = Problem::new(Code::UnsupportedRelease, message)
        .help(format!("the supported releases are {}: name one with `--release`", Release::names()));
    (options, Some(problem.on(named.object).field(named.field)))
}

/// The numbers that a version starts with, `1.28`.
fn number(version: &str) -> Option<(u32, u32)> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let (major, rest) = version.split_once('.')?;
    let minor = rest.split(['.', '-']).next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// What an IstioOperator, or an operator's resource, that was never applied would install.
fn of_installation(reading: &Reading, revision: Option<&str>) -> Option<Named> {
    let (installation, plane) = prefers_known(reading, revision, |plane| {
        plane.version.as_ref().map(|(_, version)| version.parse::<Release>().is_ok())
    })?;
    let (field, version) = plane.version.clone()?;
    let release = version.parse().ok();
    Some(Named { release, version, object: installation.object.clone(), field })
}

/// The image in istiod's Deployment, whose Pods may not be there.
fn of_deployment(reading: &Reading, revision: Option<&str>) -> Option<Named> {
    let (deployment, plane) = prefers_known(reading, revision, |plane| {
        plane.image.as_ref().and_then(of_image).map(|release| release.is_some())
    })?;
    named(plane.image.as_ref()?, || deployment.object.clone())
}

/// The control plane that names a known release or, if none does, one that names another. `is_known`: none
/// where a control plane names nothing.
fn prefers_known<'r>(
    reading: &'r Reading,
    revision: Option<&str>,
    is_known: impl Fn(&ControlPlane) -> Option<bool>,
) -> Option<(&'r PassedOver, &'r ControlPlane)> {
    let of = |wanted| reading.control_plane(revision, |plane| is_known(plane) == Some(wanted));
    of(true).or_else(|| of(false))
}

fn of_pods(snapshot: &Snapshot, wanted: impl Fn(&Labels) -> bool) -> impl Iterator<Item = Named> {
    let pods = snapshot.pods.iter().filter(move |pod| wanted(&pod.meta.labels));
    pods.flat_map(|pod| pod.spec.containers.iter().map(move |container| (pod, &container.image)))
        .filter_map(|(pod, image)| named(image, || pod.object_ref()))
}

fn of_gateways(snapshot: &Snapshot) -> impl Iterator<Item = Named> {
    let waypoints = snapshot.gateways.iter().filter(|g| g.spec.gateway_class_name == WAYPOINT_CLASS);
    waypoints
        .filter_map(|gateway| Some((gateway, proxy_image(gateway)?)))
        .filter_map(|(gateway, image)| named(image, || gateway.object_ref()))
}

/// The image of a waypoint's proxy, where an annotation of the Gateway names it.
pub(crate) fn proxy_image(gateway: &Object<Gateway>) -> Option<&Str> {
    let asked = gateway.spec.infrastructure.as_ref().and_then(|asked| asked.annotations.get(PROXY_IMAGE));
    asked.or_else(|| gateway.meta.annotations.get(PROXY_IMAGE))
}

fn is_istiod(labels: &Labels) -> bool {
    labels.get("app").is_some_and(|app| app == "istiod")
}

/// Whether labels are of a revision; the default one where none is asked for.
fn is_of(labels: &Labels, revision: Option<&str>) -> bool {
    let own = labels.get(REVISION).map_or(DEFAULT_REVISION, Str::as_str);
    own == revision.unwrap_or(DEFAULT_REVISION)
}

fn is_waypoint(labels: &Labels) -> bool {
    labels.get(MANAGED).is_some_and(|by| by == MANAGED_WAYPOINT)
}

/// What the tag of an image names; none where there is no tag.
fn named(image: &Str, object: impl FnOnce() -> ObjectRef) -> Option<Named> {
    Some(Named { release: of_image(image)?, version: image.clone(), object: object(), field: "" })
}

/// The known release that a tag is of, if any; none where there is no tag.
fn of_image(image: &Str) -> Option<Option<Release>> {
    version::tag(image).map(|tag| tag.parse().ok())
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

    fn settled(yaml: &str) -> (Release, Option<(Code, String)>) {
        let reading = Snapshot::read([SourceFile::new("a.yaml", yaml)], &Limits::DEFAULT);
        let options = Options { detect_release: true, ..Options::default() };
        let (options, problem) = with_detected(&reading, options);
        (options.release, problem.map(|problem| (problem.code, problem.message)))
    }

    #[test]
    fn istiods_deployment_tells_without_its_pods() {
        let deployment = |image: &str| {
            format!(
                "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: istiod, namespace: istio-system, labels: {{app: istiod}}}}\n\
                 spec: {{template: {{spec: {{containers: [{{name: discovery, image: '{image}'}}]}}}}}}\n"
            )
        };
        assert_eq!(found(&deployment("istio/pilot:1.29.3")), Some((Release::V1_29, "istiod".to_owned())));
        assert_eq!(found(&deployment("istio/pilot:1.28.3")), None);
    }

    #[test]
    fn an_unsupported_version_is_told() {
        let istiod = |tag: &str| settled(&pod("i", "app: istiod", &format!("istio/pilot:{tag}")));
        for (tag, release) in
            [("1.28.3", Release::V1_29), ("1.17.0-distroless", Release::V1_18), ("1.32.0", Release::LATEST)]
        {
            let (taken, problem) = istiod(tag);
            let message = format!("Istio {tag} is not supported: Istio {release} is spoken for instead");
            assert_eq!((taken, problem), (release, Some((Code::UnsupportedRelease, message))), "{tag}");
        }
        let (taken, problem) = istiod("latest");
        assert_eq!(taken, Release::LATEST);
        assert_eq!(problem.map(|(code, _)| code), Some(Code::ReleaseDetected));
    }

    #[test]
    fn a_gateway_may_name_the_image() {
        let gateway = "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
            metadata: {name: w, namespace: shop, annotations: {sidecar.istio.io/proxyImage: 'mine/proxyv2:1.29.0'}}\n\
            spec: {gatewayClassName: istio-waypoint, listeners: [{name: m, port: 15008, protocol: HBONE}]}\n";
        assert_eq!(found(gateway), Some((Release::V1_29, "w".to_owned())));
    }
}
