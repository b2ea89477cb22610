//! One run of kubectl.

use std::fmt;
use std::process::{Command, Output};

use waypoint_xds::kind::{Kind, Scope};

use super::Cluster;
use super::kinds::resource;
use crate::FileError;

/// The program.
const KUBECTL: &str = "kubectl";
/// How many objects the API server is asked for at once. kubectl goes on until there are no more.
const CHUNK: &str = "500";
/// What is printed, the last of the arguments.
const OUTPUT: &str = "--output";

/// A list of objects that kubectl is asked for. Displayed, it is the command as one types it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// The kind.
    pub kind: Kind,
    /// The namespace whose objects are asked for; all, or a kind that is in none, without.
    pub namespace: Option<String>,
    arguments: Vec<String>,
}

/// What came of a query.
pub(super) enum Answer {
    /// What kubectl prints.
    Text(Vec<u8>),
    /// The cluster does not know the kind.
    Unknown,
    /// Who asks may not list it.
    Forbidden,
}

impl Query {
    /// All that is asked of a cluster.
    pub(super) fn all(cluster: &Cluster, kinds: impl Iterator<Item = Kind>) -> Vec<Self> {
        let namespaces = cluster.asked_for();
        let mut queries = Vec::new();
        for kind in kinds {
            match (kind, kind.scope()) {
                // Those of istiod; what others are for only their namespaces know.
                (Kind::ConfigMap, _) => {
                    queries.push(Self::of_namespace(cluster, kind, &cluster.istio_namespace));
                }
                (_, _) if namespaces.is_empty() => queries.push(Self::of_all(cluster, kind)),
                (Kind::Namespace, _) => {
                    queries.extend(namespaces.iter().map(|name| Self::of_namespace_itself(cluster, name)));
                }
                (_, Scope::Cluster) => queries.push(Self::of_all(cluster, kind)),
                (_, Scope::Namespaced) => {
                    queries.extend(namespaces.iter().map(|name| Self::of_namespace(cluster, kind, name)));
                }
            }
        }
        queries
    }

    fn new(cluster: &Cluster, kind: Kind, namespace: Option<&str>, rest: &[&str]) -> Self {
        let mut arguments = context(cluster);
        arguments.extend(["get".to_owned(), resource(kind)]);
        arguments.extend(rest.iter().map(ToString::to_string));
        arguments.extend(["--chunk-size", CHUNK, OUTPUT, "yaml"].map(ToOwned::to_owned));
        Self { kind, namespace: namespace.map(ToOwned::to_owned), arguments }
    }

    /// The same objects, of which something else is printed.
    pub(super) fn printing(mut self, output: &str) -> Self {
        let _ = self.arguments.pop();
        self.arguments.push(output.to_owned());
        self
    }

    /// An object by its name. That there is none is no error.
    pub(super) fn of_object(cluster: &Cluster, kind: Kind, namespace: &str, name: &str) -> Self {
        let what = [name, "--namespace", namespace, "--ignore-not-found"];
        Self::new(cluster, kind, Some(namespace), &what)
    }

    fn of_all(cluster: &Cluster, kind: Kind) -> Self {
        let all: &[&str] = if kind.is_namespaced() { &["--all-namespaces"] } else { &[] };
        Self::new(cluster, kind, None, all)
    }

    fn of_namespace(cluster: &Cluster, kind: Kind, namespace: &str) -> Self {
        Self::new(cluster, kind, Some(namespace), &["--namespace", namespace])
    }

    /// The object of a namespace. That there is none is no error.
    fn of_namespace_itself(cluster: &Cluster, name: &str) -> Self {
        Self::new(cluster, Kind::Namespace, Some(name), &[name, "--ignore-not-found"])
    }

    /// What is asked for, in a word.
    pub(super) fn what(&self) -> String {
        let resource = resource(self.kind);
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{resource}"),
            None => resource,
        }
    }

    /// Asks.
    pub(super) fn run(&self) -> Result<Answer, FileError> {
        let output = run(&self.arguments)?;
        if output.status.success() {
            return Ok(Answer::Text(output.stdout));
        }
        let said = String::from_utf8_lossy(&output.stderr);
        if said.contains("(Forbidden)") {
            Ok(Answer::Forbidden)
        } else if said.contains("(NotFound)") || said.contains("doesn't have a resource type") {
            Ok(Answer::Unknown)
        } else {
            Err(failed(&self.arguments, said.trim().to_owned()))
        }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&typed(&self.arguments))
    }
}

/// The names of all that a cluster can list: `pods`, `httproutes.gateway.networking.k8s.io`.
pub(super) fn served(cluster: &Cluster) -> Result<Vec<String>, FileError> {
    let mut arguments = context(cluster);
    arguments.extend(["api-resources", "--verbs", "list", "--output", "name"].map(ToOwned::to_owned));
    let output = run(&arguments)?;
    let names = String::from_utf8_lossy(&output.stdout);
    let names: Vec<String> = names.split_whitespace().map(ToOwned::to_owned).collect();
    // Where a part of the API is down (metrics, say), kubectl fails and has listed the rest.
    if names.is_empty() {
        return Err(failed(&arguments, String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(names)
}

fn context(cluster: &Cluster) -> Vec<String> {
    cluster.context.iter().flat_map(|context| ["--context".to_owned(), context.clone()]).collect()
}

fn run(arguments: &[String]) -> Result<Output, FileError> {
    Command::new(KUBECTL).args(arguments).output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => failed(arguments, format!("{KUBECTL} is not installed")),
        _ => failed(arguments, error.to_string()),
    })
}

fn failed(arguments: &[String], reason: String) -> FileError {
    FileError::Rendering { command: typed(arguments), reason }
}

/// A command as one types it. What no shell can be given is left as it is: it is to be read.
fn typed(arguments: &[String]) -> String {
    let words = std::iter::once(KUBECTL).chain(arguments.iter().map(String::as_str));
    let quoted = words.map(|word| shlex::try_quote(word).unwrap_or(word.into()));
    quoted.collect::<Vec<_>>().join(" ")
}
