//! What the access logs of a waypoint go to.

use std::collections::{BTreeMap, BTreeSet};

use super::{Applicable, defaults, names_or, provider};
use crate::Str;
use crate::mesh::MeshSettings;
use crate::snapshot::mesh_config::ExtensionProvider;
use crate::snapshot::telemetry::{AccessLogging, TelemetryMode};

/// Where access logs go, and which.
#[derive(Clone, Debug, PartialEq)]
pub struct AccessLogger<'c> {
    /// The provider that takes them.
    pub provider: &'c ExtensionProvider,
    /// The CEL expression that selects them; none = all.
    pub filter: Option<Str>,
    /// Whether they were switched off.
    pub disabled: bool,
}

/// What telemetry says of one provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Selection {
    /// The CEL expression, if any.
    pub(super) filter: Option<Str>,
    /// Whether it is switched off.
    pub(super) disabled: bool,
}

/// Where access logs go, by the providers' names. None if neither telemetry nor the mesh's default providers
/// say anything of it: then the mesh configuration's older settings hold.
#[must_use]
pub fn access_loggers<'c>(
    applicable: &Applicable<'_>,
    config: &'c MeshSettings,
) -> Option<Vec<AccessLogger<'c>>> {
    if defaults(config, |p| &p.access_logging).is_empty()
        && applicable.iter().all(|t| t.spec.access_logging.is_empty())
    {
        return None;
    }
    let mut loggers: Vec<AccessLogger<'c>> = selections(applicable, config)
        .into_iter()
        .filter_map(|(name, selection)| {
            let provider = provider(config, &name)?;
            Some(AccessLogger { provider, filter: selection.filter, disabled: selection.disabled })
        })
        .collect();
    loggers.sort_by(|a, b| a.provider.name.cmp(&b.provider.name));
    Some(loggers)
}

/// What holds for each provider, by the name under which it is referred to.
pub(super) fn selections(applicable: &Applicable<'_>, config: &MeshSettings) -> BTreeMap<Str, Selection> {
    let defaults = defaults(config, |p| &p.access_logging);
    let levels: Vec<&[AccessLogging]> =
        applicable.iter().map(|t| t.spec.access_logging.as_slice()).filter(|l| !l.is_empty()).collect();
    if levels.is_empty() {
        return defaults.into_iter().map(|name| (name.into(), Selection::default())).collect();
    }
    let (in_scope, filters) = scope_of(&levels, &defaults);
    let mut selections = BTreeMap::new();
    let mut inherited = defaults;
    for logging in levels.iter().copied().flatten() {
        let names = names_or(&logging.providers, &inherited);
        for &name in &names {
            if !in_scope.contains(name) || !is_for_servers(logging) {
                continue;
            }
            let selection = if logging.disabled == Some(true) {
                Selection { filter: None, disabled: true }
            } else {
                Selection { filter: filters.get(name).cloned().flatten(), disabled: false }
            };
            selections.insert(name.into(), selection);
        }
        inherited = names;
    }
    selections
}

/// The providers that the last level which names any leaves in scope, and the last filter given for each
/// provider at any level.
fn scope_of<'a>(
    levels: &[&'a [AccessLogging]],
    defaults: &[&'a str],
) -> (BTreeSet<&'a str>, BTreeMap<&'a str, Option<Str>>) {
    let mut in_scope: BTreeSet<&str> = defaults.iter().copied().collect();
    let mut filters = BTreeMap::new();
    for level in levels {
        let mut named = BTreeSet::new();
        for logging in level.iter().filter(|l| is_for_servers(l)) {
            for reference in &logging.providers {
                named.insert(reference.name.as_str());
                filters
                    .insert(reference.name.as_str(), logging.filter.as_ref().map(|f| f.expression.clone()));
            }
        }
        if !named.is_empty() {
            in_scope = named;
        }
    }
    (in_scope, filters)
}

/// A waypoint takes requests: it is a server.
fn is_for_servers(logging: &AccessLogging) -> bool {
    logging.matches.as_ref().is_none_or(|m| m.mode != TelemetryMode::Client)
}
