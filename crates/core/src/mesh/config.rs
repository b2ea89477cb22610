//! The mesh configuration in force.

use serde::{Deserialize, Deserializer};

use crate::limits::Limits;
use crate::options::Options;
use crate::problem::Problem;
use crate::release::ProfileProviders;
use crate::snapshot::Snapshot;
use crate::snapshot::mesh_config::MeshConfig;
use crate::text::{SourceFile, Unread, documents};

/// The ConfigMap that istiod reads its mesh configuration from, and the key in it.
const CONFIG_MAP: (&str, &str) = ("istio", "mesh");

/// The release's defaults, with the snapshot's and then the caller's configuration over them.
///
/// The snapshot's is what istiod reads: the key `mesh` of the ConfigMap `istio` in the root namespace.
/// Source: <https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/>.
pub(super) fn in_force(snapshot: &Snapshot, options: &Options, problems: &mut Vec<Problem>) -> MeshConfig {
    let mut config = defaults(options);
    let rule = options.release.rules().default_providers;
    let root = config.root_namespace.clone().unwrap_or_default();
    let found = snapshot.config_maps.iter().find(|o| o.meta.name == CONFIG_MAP.0 && o.meta.namespace == root);
    if let Some(object) = found
        && let Some(text) = object.spec.data.get(CONFIG_MAP.1)
    {
        let name = format!("{} data.{}", object.object_ref(), CONFIG_MAP.1);
        match read(&SourceFile::new(name, text.as_str())) {
            Ok(own) => config = overlaid(config, own, rule),
            Err(problem) => problems.push(problem.on(object.object_ref())),
        }
    }
    match &options.mesh_config {
        Some(given) => overlaid(config, given.clone(), rule),
        None => config,
    }
}

/// A configuration with another one over it.
fn overlaid(mut config: MeshConfig, over: MeshConfig, rule: ProfileProviders) -> MeshConfig {
    if rule == ProfileProviders::Replaced && over.default_providers.is_some() {
        config.default_providers = None;
    }
    config.overlaid_with(over)
}

/// What the release's ambient profile starts from.
fn defaults(options: &Options) -> MeshConfig {
    let text = SourceFile::new("defaults", options.release.rules().mesh_config);
    // A test reads every release's defaults.
    read(&text).unwrap_or_default()
}

/// Reads a MeshConfig from the first document of a text.
///
/// # Errors
///
/// The problem that keeps the text from being read, with its place.
pub fn read(file: &SourceFile) -> Result<MeshConfig, Box<Problem>> {
    let Some(document) = documents(file, &Limits::DEFAULT).next().transpose()? else {
        return Ok(MeshConfig::default());
    };
    let read = document.root().decode::<AnySpelling>(&Unread::new());
    read.map(|AnySpelling(config)| config)
        .map_err(|error| Problem::new(error.code(), error.to_string()).at(file.place(error.span())).into())
}

/// A MeshConfig whose fields may be spelled `trustDomain` or `trust_domain`.
struct AnySpelling(MeshConfig);

impl<'de> Deserialize<'de> for AnySpelling {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        MeshConfig::read(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;

    #[test]
    fn every_release_has_defaults() {
        for release in Release::ALL {
            let text = SourceFile::new("defaults", release.rules().mesh_config);
            let config = read(&text).unwrap();
            assert_eq!(config.root_namespace.as_deref(), Some("istio-system"), "{release}");
            assert_eq!(config.trust_domain.as_deref(), Some("cluster.local"), "{release}");
        }
    }

    #[test]
    fn the_caller_has_the_last_word() {
        let given = read(&SourceFile::new("m", "trust_domain: mine")).unwrap();
        let options = Options { mesh_config: Some(given), ..Options::default() };
        let config = in_force(&Snapshot::default(), &options, &mut Vec::new());
        assert_eq!(config.trust_domain.as_deref(), Some("mine"));
        assert_eq!(config.root_namespace.as_deref(), Some("istio-system"));
    }

    #[test]
    fn default_providers_replace_the_profile_s_or_join_them() {
        let metrics = |release| {
            let mut options = Options::for_release(release);
            let given = "defaultProviders: {tracing: [zipkin]}";
            options.mesh_config = Some(read(&SourceFile::new("m", given)).unwrap());
            let config = in_force(&Snapshot::default(), &options, &mut Vec::new());
            config.default_providers.unwrap().metrics
        };
        assert_eq!(metrics(Release::V1_18), ["prometheus"]);
        assert!(metrics(Release::V1_31).is_empty());
    }

    #[test]
    fn a_problem_has_its_place() {
        let problem = read(&SourceFile::new("m", "rootNamespace: a\nenableTracing: 7\n")).unwrap_err();
        assert_eq!(problem.place.map(|p| (p.line, p.column)), Some((2, 16)));
    }
}
