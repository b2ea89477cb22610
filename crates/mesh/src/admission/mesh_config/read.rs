//! Reading a mesh configuration, and a proxy's own.

use serde::{Deserialize, Deserializer};

use super::annotations::OF_POD;
use crate::Str;
use crate::limits::Limits;
use crate::problem::{Code, Problem};
use crate::snapshot::ControlPlane;
use crate::snapshot::mesh_config::{MeshConfig, ProxyConfig};
use crate::text::{Node, SourceFile, Unread, documents};

/// Fields of the API about ingress gateways, certificate authorities and sources of configuration: in any
/// spelling.
const OF_OTHERS: [&str; 7] = [
    "ca",
    "certificates",
    "configsources",
    "ingressclass",
    "ingresscontrollermode",
    "ingressselector",
    "ingressservice",
];
/// Fields of a ProxyConfig that say nothing about waypoints.
const OF_OTHER_PROXIES: [&str; 2] = ["discoveryrefreshdelay", "readinessprobe"];

/// Reads a MeshConfig from the first document of a text.
///
/// # Errors
///
/// The problem that keeps the text from being read, with its place.
pub(crate) fn read(file: &SourceFile, limits: &Limits) -> Result<MeshConfig, Box<Problem>> {
    let document = documents(file, limits).next().transpose()?;
    document.map_or_else(|| Ok(MeshConfig::default()), |document| of_node(file, document.root()))
}

/// Reads the mesh configuration of values of Istio's Helm charts, with the key that has it; empty, where none
/// has.
///
/// # Errors
///
/// The problem that keeps the text from being read, with its place; also that it is no such values.
pub(super) fn read_values(
    file: &SourceFile,
    limits: &Limits,
) -> Result<(&'static str, MeshConfig), Box<Problem>> {
    let Some(document) = documents(file, limits).next().transpose()? else {
        return Ok(("", MeshConfig::default()));
    };
    let root = document.root();
    let Some(values) = ControlPlane::of_values(root) else {
        let message = "these are no values of Istio's Helm charts: nothing of them holds";
        let problem = Problem::new(Code::MeshConfigElsewhere, message).at(file.place(root.span()));
        let help = "give what has `meshConfig`, `global` or `pilot` at its top, or those below `istiod`";
        return Err(Box::new(problem.help(help)));
    };
    match values.mesh_config.and_then(|(key, _)| Some((key, root.find(key)?))) {
        Some((key, node)) => Ok((key, of_node(file, node)?)),
        None => Ok(("", MeshConfig::default())),
    }
}

fn of_node(file: &SourceFile, node: Node<'_>) -> Result<MeshConfig, Box<Problem>> {
    let unread = Unread::new();
    unread.start_at(node);
    let read = node.decode::<AnySpelling>(&unread);
    let AnySpelling(mut config) =
        read.map_err(|error| Problem::new(error.code(), error.to_string()).at(file.place(error.span())))?;
    let unknown = unread.into_paths().into_keys().filter(|path| !is_of_others(path));
    config.unknown = unknown.map(Str::from).collect();
    Ok(config)
}

/// Whether the API has a field that nothing here depends on.
fn is_of_others(path: &str) -> bool {
    let mut steps = path.split(['.', '[']).map(|step| step.replace('_', "").to_ascii_lowercase());
    let first = steps.next().unwrap_or_default();
    OF_OTHERS.contains(&first.as_str())
        || (first == "defaultconfig"
            && steps.next().is_some_and(|second| OF_OTHER_PROXIES.contains(&second.as_str())))
}

/// A MeshConfig whose fields may be spelled `trustDomain` or `trust_domain`.
struct AnySpelling(MeshConfig);

impl<'de> Deserialize<'de> for AnySpelling {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        MeshConfig::read(deserializer).map(Self)
    }
}

/// A ProxyConfig in YAML, as the annotation [`OF_POD`] holds it.
pub(super) fn proxy_config(text: &str, limits: &Limits) -> Result<ProxyConfig, Box<Problem>> {
    let refused = |message: String| Problem::new(Code::InvalidProxyConfig, message);
    let file = SourceFile::new(OF_POD, text);
    let document = documents(&file, limits).next().transpose();
    let Some(document) = document.map_err(|problem| refused(problem.message))? else {
        return Ok(ProxyConfig::default());
    };
    let read = document.root().decode::<ProxyInAnySpelling>(&Unread::new());
    Ok(read.map(|ProxyInAnySpelling(config)| config).map_err(|error| refused(error.to_string()))?)
}

/// A ProxyConfig whose fields may be spelled `proxyMetadata` or `proxy_metadata`.
struct ProxyInAnySpelling(ProxyConfig);

impl<'de> Deserialize<'de> for ProxyInAnySpelling {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        ProxyConfig::read(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Istio's reader makes of each line of a table (`testdata/oracle-proto` wrote it).
    const CASES: &str = include_str!("../../../testdata/proto-json/mesh-config.txt");
    const EXPECTED: &str = include_str!("../../../testdata/proto-json/mesh-config.expected.txt");

    fn mesh(text: &str) -> Result<String, String> {
        let read = read(&SourceFile::new("mesh.yaml", text), &Limits::DEFAULT);
        let config = read.map_err(|problem| problem.message)?;
        Ok(format!("{:?}", MeshConfig { unknown: Vec::new(), ..config }))
    }

    #[test]
    fn protobufs_json_is_read_as_istio_reads_it() {
        let mut wrong = Vec::new();
        let lines = CASES.lines().zip(EXPECTED.lines());
        for (case, expected) in lines.filter(|(case, _)| case.starts_with('{')) {
            match (mesh(case), expected.strip_prefix("ok ")) {
                (Ok(found), Some(canonical)) => {
                    let meant = mesh(canonical).unwrap();
                    if found != meant {
                        wrong.push(format!("{case}\n  is   {found}\n  not  {meant}"));
                    }
                }
                (Err(_), None) => {}
                (found, _) => wrong.push(format!("{case}: {expected}, not {found:?}")),
            }
        }
        assert_eq!(CASES.lines().count(), EXPECTED.lines().count());
        assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
    }
}
