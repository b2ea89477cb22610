//! The mesh configuration in force.

use std::sync::Arc;

use super::mesh_config;
use super::read::{read, read_values};
use crate::Str;
use crate::limits::Limits;
use crate::options::Options;
use crate::problem::{Code, Place, Problem};
use crate::rules::{MESH_CONFIG, ProfileProviders, ROOT_NAMESPACE, Rules};
use crate::snapshot::kubernetes::ConfigMap;
use crate::snapshot::mesh_config::MeshConfig;
use crate::snapshot::{self, ControlPlane, Object, Snapshot};
use crate::text::{SourceFile, documents};

/// The ConfigMap that istiod reads its mesh configuration from, and the key in it.
const CONFIG_MAP: (&str, &str) = ("istio", "mesh");

/// The ConfigMap that istiod reads, and the text in it, if the snapshot has it.
pub fn source<'s>(snapshot: &'s Snapshot, options: &Options) -> Option<(&'s Object<ConfigMap>, &'s Str)> {
    text(snapshot, options, CONFIG_MAP.1)
}

/// Where a field stands in the mesh configuration that the caller gives, if it does.
#[must_use]
pub fn place(options: &Options, field: &str) -> Option<Place> {
    let file = options.mesh_config.as_ref()?;
    let document = documents(file, &options.limits).next()?.ok()?;
    Some(file.place(document.root().locate(field)?))
}

/// A text that several control planes share, by its key, where a flag names the ConfigMap.
pub(super) fn shared<'s>(
    snapshot: &'s Snapshot,
    options: &Options,
    key: &str,
) -> Option<(&'s Object<ConfigMap>, &'s Str)> {
    let name = &options.features.shared_mesh_config;
    let object = snapshot::find(&snapshot.config_maps, ROOT_NAMESPACE, name)?;
    Some((object, object.spec.data.get(key)?))
}

/// A text of the ConfigMap that istiod reads, by its key: of the revision that is chosen, else of the default
/// one, else of the only one.
pub(super) fn text<'s>(
    snapshot: &'s Snapshot,
    options: &Options,
    key: &str,
) -> Option<(&'s Object<ConfigMap>, &'s Str)> {
    let named = |name: &str| snapshot::find(&snapshot.config_maps, ROOT_NAMESPACE, name);
    let object = match &options.revision {
        None => named(CONFIG_MAP.0).or_else(|| of_only_revision(snapshot)),
        Some(revision) => named(&ControlPlane::config_map(revision)),
    }?;
    Some((object, object.spec.data.get(key)?))
}

/// The ConfigMap `istio-REVISION` where there is one: with no other, it is that of the only control plane.
fn of_only_revision(snapshot: &Snapshot) -> Option<&Arc<Object<ConfigMap>>> {
    let (name, key) = CONFIG_MAP;
    let mut all = snapshot.config_maps.iter().filter(|object| {
        let of_revision = object.meta.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('-'));
        of_revision && object.meta.namespace == ROOT_NAMESPACE && object.spec.data.contains_key(key)
    });
    all.next().filter(|_| all.next().is_none())
}

/// The release's defaults, with the snapshot's and then the caller's configuration over them.
///
/// The snapshot's is what istiod reads, if it gets to it: the key `mesh` of the ConfigMap `istio` in the root
/// namespace, that of a revision (`istio-canary`) where one is chosen or where it is the only one. One that
/// the release refuses is left out. Source:
/// <https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1/>.
pub fn in_force(
    snapshot: &Snapshot,
    is_read: bool,
    options: &Options,
    problems: &mut Vec<Problem>,
) -> MeshConfig {
    let mut config = defaults(options);
    let own = source(snapshot, options).filter(|_| is_read);
    // What is shared is what their own come before.
    for (object, text) in shared(snapshot, options, CONFIG_MAP.1).into_iter().chain(own) {
        let mut found = Vec::new();
        let name = format!("{} data.{}", object.object_ref(), CONFIG_MAP.1);
        match read(&SourceFile::new(name, text.as_str()), &options.limits) {
            Ok(own) => {
                let names_defaults = own.default_providers.is_some();
                config = overlaid(config, own, options.rules(), &mut found);
                if names_defaults && options.mesh_config.is_none() {
                    found.extend(unknown_defaults(&config));
                }
            }
            Err(problem) => found.push(*problem),
        }
        // A field of a text in a field has no place of its own, so that the text's is shown.
        let field = format!("data.{}", CONFIG_MAP.1);
        problems.extend(found.into_iter().map(|p| p.on(object.object_ref()).field(field.as_str())));
    }
    let limits = &options.limits;
    let values = options.helm_values.as_ref().map(|file| (file, read_values(file, limits)));
    let given = options.mesh_config.as_ref().map(|file| (file, read(file, limits).map(|given| ("", given))));
    for (file, read) in values.into_iter().chain(given) {
        match read {
            Ok((key, given)) => {
                let mut found = Vec::new();
                let names_defaults = given.default_providers.is_some();
                config = overlaid(config, given, options.rules(), &mut found);
                if names_defaults {
                    found.extend(unknown_defaults(&config));
                }
                if !key.is_empty() {
                    found.iter_mut().for_each(|problem| problem.field = format!("{key}.{}", problem.field));
                }
                locate(file, limits, &mut found);
                problems.extend(found);
            }
            Err(problem) => problems.push(*problem),
        }
    }
    config
}

/// Gives problems with a mesh configuration the places of their fields.
fn locate(file: &SourceFile, limits: &Limits, problems: &mut [Problem]) {
    let Some(Ok(document)) = documents(file, limits).next().filter(|_| !problems.is_empty()) else { return };
    for problem in problems {
        problem.place = Some(file.place(document.root().locate_nearest(&problem.field)));
    }
}

/// Default providers that the configuration does not have.
fn unknown_defaults(config: &MeshConfig) -> Vec<Problem> {
    let Some(defaults) = &config.default_providers else { return Vec::new() };
    let lists = [
        ("accessLogging", &defaults.access_logging),
        ("metrics", &defaults.metrics),
        ("tracing", &defaults.tracing),
    ];
    let is_known = |name: &Str| config.extension_providers.iter().any(|p| p.name.eq_ignore_ascii_case(name));
    let all = lists.into_iter().flat_map(|(list, names)| {
        names
            .iter()
            .flatten()
            .enumerate()
            .map(move |(position, name)| (format!("defaultProviders.{list}[{position}]"), name))
    });
    all.filter(|(_, name)| !is_known(name))
        .map(|(field, name)| {
            Problem::new(Code::TelemetryProvider, format!("there is no provider `{name}`: it gets nothing"))
                .field(field)
                .help("add it to `extensionProviders`, or name one that is there")
        })
        .collect()
}

/// A configuration with another one over it, if the release takes that one.
fn overlaid(
    mut config: MeshConfig,
    over: MeshConfig,
    rules: &'static Rules,
    problems: &mut Vec<Problem>,
) -> MeshConfig {
    let checked = mesh_config(over, rules);
    problems.extend(checked.problems);
    let Some(over) = checked.config else { return config };
    if rules.mesh.default_providers == ProfileProviders::Replaced && over.default_providers.is_some() {
        config.default_providers = None;
    }
    config.overlaid_with(over)
}

/// What the release's ambient profile starts from.
fn defaults(options: &Options) -> MeshConfig {
    let read = |text| read(&SourceFile::new("defaults", text), &Limits::DEFAULT).unwrap_or_default();
    // A test reads every release's defaults.
    read(MESH_CONFIG).overlaid_with(read(options.rules().mesh.profile))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::Release;

    #[test]
    fn every_release_has_defaults() {
        for release in Release::ALL {
            read(&SourceFile::new("added", Rules::of(*release).mesh.profile), &Limits::DEFAULT).unwrap();
            let config = defaults(&Options::for_release(*release));
            assert_eq!(config.root_namespace.as_deref(), Some(ROOT_NAMESPACE), "{release}");
            assert_eq!(config.trust_domain.as_deref(), Some("cluster.local"), "{release}");
        }
    }

    #[test]
    fn the_caller_has_the_last_word() {
        let given = SourceFile::new("m", "trust_domain: mine");
        let options = Options { mesh_config: Some(given), ..Options::default() };
        let config = in_force(&Snapshot::default(), true, &options, &mut Vec::new());
        assert_eq!(config.trust_domain.as_deref(), Some("mine"));
        assert_eq!(config.root_namespace.as_deref(), Some("istio-system"));
    }

    #[test]
    fn default_providers_replace_the_profile_s_or_join_them() {
        let metrics = |release, given: &str| {
            let mut options = Options::for_release(release);
            options.mesh_config = Some(SourceFile::new("m", given));
            let config = in_force(&Snapshot::default(), true, &options, &mut Vec::new());
            config.default_providers.unwrap().metrics
        };
        let others = "defaultProviders: {tracing: [zipkin]}";
        assert_eq!(metrics(Release::V1_18, others), Some(vec!["prometheus".into()]));
        assert_eq!(metrics(Release::V1_31, others), None);
        assert_eq!(metrics(Release::V1_18, "defaultProviders: {metrics: []}"), Some(Vec::new()));
    }

    #[test]
    fn a_problem_has_its_place() {
        let given = SourceFile::new("m", "rootNamespace: a\nenableTracing: 7\n");
        let options = Options { mesh_config: Some(given), ..Options::default() };
        let mut problems = Vec::new();
        let config = in_force(&Snapshot::default(), true, &options, &mut problems);
        assert_eq!(config.root_namespace.as_deref(), Some("istio-system"), "none of it is taken");
        assert_eq!(problems[0].place.as_ref().map(|p| (p.line, p.column)), Some((2, 16)));
    }

    #[test]
    fn a_refused_configuration_leaves_the_defaults() {
        let yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\n\
                    data: {mesh: \"trustDomain: mine\\nconnectTimeout: 0s\\n\"}\n";
        let snapshot = Snapshot::read([SourceFile::new("s", yaml)], &Limits::DEFAULT).snapshot;
        let mut problems = Vec::new();
        let config = in_force(&snapshot, true, &Options::default(), &mut problems);
        assert_eq!(config.trust_domain.as_deref(), Some("cluster.local"));
        let found: Vec<_> = problems.iter().map(|p| (p.code, p.field.as_str())).collect();
        assert_eq!(found, [(Code::InvalidMeshConfig, "data.mesh")]);
    }
}
