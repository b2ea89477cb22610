//! What Istio says about its resources, in their metadata.

/// The filter that is told.
pub(crate) const ISTIO: &str = "istio";

/// The path in the Kubernetes API of the object that made a resource, in parts: the field `config`.
pub(crate) const fn config<'a>(
    version: &'a str,
    namespace: &'a str,
    kind: &'a str,
    name: &'a str,
) -> [&'a str; 8] {
    ["/apis/networking.istio.io/", version, "/namespaces/", namespace, "/", kind, "/", name]
}
