//! Objects of a cluster, by `kubectl get`: of exactly the kinds that are read, and never a Secret.
//!
//! | module | knows |
//! |---|---|
//! | `kinds` | what is asked for |
//! | `query` | one run of kubectl |
//! | `referenced` | the ConfigMaps that objects name |

mod kinds;
mod query;
mod referenced;

use std::path::Path;

use waypoint_xds::kind::Kind;
use waypoint_xds::text::SourceFile;

use crate::FileError;
use query::Answer;

pub use query::Query;

/// What stands before the name of a context: `cluster:prod`.
const PREFIX: &str = "cluster:";

/// A cluster that kubectl knows, or some namespaces of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// The context of kubectl's configuration; the current one without.
    pub context: Option<String>,
    /// The namespaces whose objects are asked for, beside Istio's own; all where none is named.
    pub namespaces: Vec<String>,
    /// The namespace of istiod, of its settings, and of the policies that hold for the whole mesh.
    pub istio_namespace: String,
}

/// What kubectl gave.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Copied {
    /// The objects, a text for each query.
    pub sources: Vec<SourceFile>,
    /// What could not be asked for, in words.
    pub notes: Vec<String>,
}

impl Cluster {
    /// Where Istio is, if nobody says otherwise.
    pub const ISTIO_NAMESPACE: &'static str = "istio-system";

    /// All of the cluster of a context.
    #[must_use]
    pub fn new(context: Option<String>) -> Self {
        Self { context, namespaces: Vec::new(), istio_namespace: Self::ISTIO_NAMESPACE.to_owned() }
    }

    /// The cluster of a path such as `cluster:` or `cluster:prod`. A file of that name counts as a file.
    #[must_use]
    pub fn parse(path: &Path) -> Option<Self> {
        let context = path.to_str().filter(|_| !path.exists())?.strip_prefix(PREFIX)?;
        Some(Self::new((!context.is_empty()).then(|| context.to_owned())))
    }

    /// Everything that is asked of a cluster that knows all kinds, in this order.
    #[must_use]
    pub fn queries(&self) -> Vec<Query> {
        Query::all(self, kinds::asked_for())
    }

    /// What [`read`](Self::read) does as a script for a shell, which prints what [`Copied::text`] has. What
    /// the cluster does not know or does not tell is an error of one line, and nothing else is lost by it.
    #[must_use]
    pub fn script(&self) -> String {
        let queries: String =
            self.queries().iter().map(|query| format!("{query}; echo {SEPARATOR}")).collect();
        queries + &referenced::script(self)
    }

    /// The namespaces that are asked for, Istio's among them; none where all are.
    fn asked_for(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.namespaces.iter().map(String::as_str).collect();
        if !names.is_empty() {
            names.push(&self.istio_namespace);
            names.sort_unstable();
            names.dedup();
        }
        names
    }

    /// Asks for the objects. A kind that the cluster does not know is passed over; one that may not be listed
    /// is a note.
    ///
    /// Before each query `progress` is told how many of how many are done, and what comes next.
    ///
    /// # Errors
    ///
    /// [`FileError::Rendering`] if kubectl is missing, cannot reach the cluster, or may not list anything at
    /// all.
    pub fn read(&self, mut progress: impl FnMut(usize, usize, &str)) -> Result<Copied, FileError> {
        progress(0, 0, "api-resources");
        let served = query::served(self)?;
        let is_known = |kind: Kind| served.contains(&kinds::resource(kind));
        let mut queries = Query::all(self, kinds::asked_for().filter(|kind| is_known(*kind)));
        if is_known(Kind::ConfigMap) {
            queries.extend(referenced::queries(self, is_known)?);
        }
        let (mut copied, mut forbidden) = (Copied::default(), Vec::new());
        for (done, query) in queries.iter().enumerate() {
            let what = query.what();
            progress(done, queries.len(), &what);
            match query.run()? {
                // Nothing, of a name that nothing has.
                Answer::Text(text) if text.is_empty() => {}
                Answer::Text(text) => copied.sources.push(SourceFile::from_bytes(self.name_of(&what), &text)),
                Answer::Forbidden => forbidden.push(what),
                Answer::Unknown => {}
            }
        }
        if copied.sources.is_empty() {
            let reason = format!("nothing may be listed: {}", forbidden.join(", "));
            return Err(FileError::Rendering {
                command: format!("{PREFIX}{}", self.shown_context()),
                reason,
            });
        }
        if !forbidden.is_empty() {
            let all = forbidden.join(", ");
            copied.notes.push(format!("not in the snapshot, since they may not be listed: {all}"));
        }
        Ok(copied)
    }

    fn shown_context(&self) -> &str {
        self.context.as_deref().unwrap_or_default()
    }

    fn name_of(&self, what: &str) -> String {
        format!("{PREFIX}{}/{what}", self.shown_context())
    }
}

impl Copied {
    /// All of it as one text: documents of YAML.
    #[must_use]
    pub fn text(&self) -> String {
        self.sources.iter().map(|source| format!("{}{SEPARATOR}", source.text())).collect()
    }
}

/// What stands behind each document.
const SEPARATOR: &str = "---\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(cluster: &Cluster) -> Vec<String> {
        cluster.queries().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_context_stands_behind_the_prefix() {
        let of = |text: &str| Cluster::parse(Path::new(text)).map(|cluster| cluster.context);
        assert_eq!(of("cluster:"), Some(None));
        assert_eq!(of("cluster:kind-a/b:c"), Some(Some("kind-a/b:c".to_owned())));
        assert_eq!(of("a/cluster:b"), None);
    }

    #[test]
    fn all_of_a_cluster_is_asked_for_by_kind() {
        let all = typed(&Cluster::new(Some("a b".to_owned())));
        let pods = "kubectl --context 'a b' get pods --all-namespaces --chunk-size 500 --output yaml";
        assert!(all.iter().any(|command| command == pods), "{all:#?}");
        let nodes = "kubectl --context 'a b' get nodes --chunk-size 500 --output yaml";
        assert!(all.iter().any(|command| command == nodes), "{all:#?}");
        assert!(all.iter().all(|command| !command.contains("secret")), "{all:#?}");
    }

    #[test]
    fn namespaces_are_asked_for_beside_istio_s() {
        let shop = Cluster { namespaces: vec!["shop".into()], ..Cluster::new(None) };
        let all = typed(&shop);
        for expected in [
            "kubectl get namespaces istio-system --ignore-not-found --chunk-size 500 --output yaml",
            "kubectl get namespaces shop --ignore-not-found --chunk-size 500 --output yaml",
            "kubectl get services --namespace istio-system --chunk-size 500 --output yaml",
            "kubectl get services --namespace shop --chunk-size 500 --output yaml",
            "kubectl get gatewayclasses.gateway.networking.k8s.io --chunk-size 500 --output yaml",
        ] {
            assert!(all.iter().any(|command| command == expected), "{expected} of {all:#?}");
        }
    }

    #[test]
    fn the_script_prints_documents() {
        let script = Cluster::new(None).script();
        assert!(
            script.starts_with("kubectl get namespaces --chunk-size 500 --output yaml; echo ---\n"),
            "{script}"
        );
    }

    #[test]
    fn config_maps_are_istiod_s_and_those_that_objects_name() {
        let all = typed(&Cluster::new(None));
        let asked: Vec<&String> = all.iter().filter(|command| command.contains("configmaps")).collect();
        let expected = "kubectl get configmaps --namespace istio-system --chunk-size 500 --output yaml";
        assert_eq!(asked, [expected]);
        let script = Cluster::new(None).script();
        let named = "kubectl get configmaps \"$name\" --namespace \"$namespace\" --ignore-not-found";
        assert!(script.contains(named), "{script}");
    }
}
