//! ConfigMaps that objects name: what others are in a cluster is nobody's business here.

use waypoint_xds::kind::Kind;

use super::query::{Answer, Query};
use super::{Cluster, SEPARATOR};
use crate::FileError;

/// The kinds whose objects name ConfigMaps, each with the template by which kubectl prints a namespace and a
/// name for each: parameters of a waypoint, and certificates of a backend.
const NAMING: [(Kind, &str); 2] = [
    (
        Kind::Gateway,
        r#"{{range .items}}{{$in := .metadata.namespace}}{{with .spec.infrastructure}}{{with .parametersRef}}{{if eq .kind "ConfigMap"}}{{$in}} {{.name}}{{"\n"}}{{end}}{{end}}{{end}}{{end}}"#,
    ),
    (
        Kind::BackendTlsPolicy,
        r#"{{range .items}}{{$in := .metadata.namespace}}{{with .spec.validation}}{{range .caCertificateRefs}}{{if eq .kind "ConfigMap"}}{{$in}} {{.name}}{{"\n"}}{{end}}{{end}}{{end}}{{end}}"#,
    ),
];

/// What asks for the names.
fn names(cluster: &Cluster, is_known: impl Fn(Kind) -> bool) -> Vec<Query> {
    let known = NAMING.into_iter().filter(|(kind, _)| is_known(*kind));
    let queries = known.map(|(kind, template)| (Query::all(cluster, std::iter::once(kind)), template));
    queries
        .flat_map(|(queries, template)| {
            queries.into_iter().map(move |query| query.printing(&format!("go-template={template}")))
        })
        .collect()
}

/// What asks for the ConfigMaps that objects of a cluster name, beside istiod's own.
///
/// # Errors
///
/// As [`Cluster::read`].
pub(super) fn queries(cluster: &Cluster, is_known: impl Fn(Kind) -> bool) -> Result<Vec<Query>, FileError> {
    let mut named = Vec::new();
    for query in names(cluster, is_known) {
        // What may not be listed is told where the objects themselves are asked for.
        let Answer::Text(text) = query.run()? else { continue };
        let lines = String::from_utf8_lossy(&text).into_owned();
        named.extend(lines.lines().filter_map(|line| {
            let (namespace, name) = line.split_once(' ')?;
            Some((namespace.to_owned(), name.to_owned()))
        }));
    }
    named.retain(|(namespace, _)| *namespace != cluster.istio_namespace);
    named.sort_unstable();
    named.dedup();
    let of =
        |(namespace, name): &(String, String)| Query::of_object(cluster, Kind::ConfigMap, namespace, name);
    Ok(named.iter().map(of).collect())
}

/// The same in a script for a shell.
pub(super) fn script(cluster: &Cluster) -> String {
    let get = Query::of_object(cluster, Kind::ConfigMap, NAMESPACE, NAME).to_string();
    let get = get.replace(NAMESPACE, "\"$namespace\"").replace(NAME, "\"$name\"");
    // What no shell can be given is no namespace's name.
    let own = shlex::try_quote(&cluster.istio_namespace).unwrap_or_default();
    let is_istiods = format!("[ \"$namespace\" = {own} ]");
    let each = |query: Query| {
        format!(
            "{query} | sort -u | while read -r namespace name; do {is_istiods} || {{ {get}; echo {}; }}; done\n",
            SEPARATOR.trim_end()
        )
    };
    names(cluster, |_| true).into_iter().map(each).collect()
}

/// What stands for a namespace and a name until the shell knows them: no object can be called so.
const NAMESPACE: &str = "NAMESPACE_";
const NAME: &str = "NAME_";
