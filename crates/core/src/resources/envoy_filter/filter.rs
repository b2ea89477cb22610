//! Patches of filters in a list, be it a chain's network filters or a connection manager's HTTP filters.

use envoy::config::listener::v3::{Filter, filter};
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpFilter, http_filter};
use envoy::google::protobuf::Any;

use super::list;
use super::merge::{self, Stop};
use super::patch::Patch;
use crate::rules::{EnvoyFilterRules, FilterRemoval, MismatchedTypes};
use crate::snapshot::networking::envoy_filter::PatchOperation;

/// A filter with a name and a configuration.
pub(super) trait AnyFilter: Clone {
    fn name(&self) -> &str;
    fn set_name(&mut self, name: String);
    /// The configuration, if it isn't discovered.
    fn config(&self) -> Option<&Any>;
    fn set_config(&mut self, config: Any);
    /// The name of the filter that a patch is about, if it names one.
    fn wanted(patch: &Patch<Self>) -> Option<&str>;
}

impl AnyFilter for Filter {
    fn name(&self) -> &str {
        &self.name
    }

    fn set_name(&mut self, name: String) {
        self.name = name;
    }

    fn config(&self) -> Option<&Any> {
        match self.config_type.as_ref()? {
            filter::ConfigType::TypedConfig(any) => Some(any),
            filter::ConfigType::ConfigDiscovery(_) => None,
        }
    }

    fn set_config(&mut self, config: Any) {
        self.config_type = Some(filter::ConfigType::TypedConfig(config));
    }

    fn wanted(patch: &Patch<Self>) -> Option<&str> {
        patch.filter_match().map(|f| f.name.as_str())
    }
}

impl AnyFilter for HttpFilter {
    fn name(&self) -> &str {
        &self.name
    }

    fn set_name(&mut self, name: String) {
        self.name = name;
    }

    fn config(&self) -> Option<&Any> {
        match self.config_type.as_ref()? {
            http_filter::ConfigType::TypedConfig(any) => Some(any),
            http_filter::ConfigType::ConfigDiscovery(_) => None,
        }
    }

    fn set_config(&mut self, config: Any) {
        self.config_type = Some(http_filter::ConfigType::TypedConfig(config));
    }

    fn wanted(patch: &Patch<Self>) -> Option<&str> {
        patch.filter_match()?.sub_filter.as_ref().map(|f| f.name.as_str())
    }
}

/// Adds filters, puts one in another's place and, where the release removes in turn, removes. Gives whether
/// anything changed.
pub(super) fn place<F: AnyFilter>(list: &mut Vec<F>, patch: &Patch<F>, rules: &EnvoyFilterRules) -> bool {
    let wanted = F::wanted(patch);
    let fits = |f: &F| wanted.is_none_or(|wanted| rules.names.fits(wanted, f.name()));
    if patch.operation == PatchOperation::Remove {
        let before = list.len();
        if rules.removal == FilterRemoval::InTurn && wanted.is_some() {
            list.retain(|f| !fits(f));
        }
        return list.len() < before;
    }
    list::place(list, patch.operation, &patch.value, wanted.is_some().then_some(&fits))
}

/// What became of one filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing.
    Untouched,
    /// Something was merged.
    Merged,
    /// It has to go, and all that have its name.
    Removed,
}

/// Applies a patch to one filter: merges or, where the release removes at last, removes.
pub(super) fn change<F: AnyFilter>(
    filter: &mut F,
    patch: &Patch<F>,
    rules: &EnvoyFilterRules,
) -> Result<Outcome, Stop> {
    let wanted = F::wanted(patch);
    if wanted.is_some_and(|wanted| !rules.names.fits(wanted, filter.name())) {
        return Ok(Outcome::Untouched);
    }
    match patch.operation {
        PatchOperation::Remove if rules.removal == FilterRemoval::AtLast => Ok(Outcome::Removed),
        PatchOperation::Merge => merge_filter(filter, &patch.value, rules.mismatched_types),
        _ => Ok(Outcome::Untouched),
    }
    .inspect(|outcome| {
        if *outcome == Outcome::Merged {
            let name = rules.names.canonical(filter.name()).to_owned();
            filter.set_name(name);
        }
    })
}

fn merge_filter<F: AnyFilter>(
    filter: &mut F,
    value: &F,
    mismatched: MismatchedTypes,
) -> Result<Outcome, Stop> {
    let Some(base) = filter.config() else { return Ok(Outcome::Untouched) };
    let merged = value.config().map(|patch| merge::config(base, patch, mismatched)).transpose()?;
    if let Some(merged) = merged {
        filter.set_config(merged);
    }
    if !value.name().is_empty() {
        filter.set_name(value.name().to_owned());
    }
    Ok(Outcome::Merged)
}
