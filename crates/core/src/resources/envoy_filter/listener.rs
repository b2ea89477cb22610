//! Patches of listeners and of listener filters.

use envoy::config::listener::v3::{Listener, ListenerFilter, listener_filter};

use super::chain::{self, Parent};
use super::list;
use super::merge::{self, Stop};
use super::patch::Patch;
use super::{Applied, Context};
use crate::resources::Origin;
use crate::resources::{Resource, WaypointResources, names};
use crate::rules::FilterRemoval;
use crate::snapshot::networking::envoy_filter::{PatchContext, PatchOperation};

/// A waypoint's listeners in the order in which they are patched: it matters where patching ends early.
const IN_TURN: [&str; 5] = [
    names::CONNECT_TERMINATE,
    names::MAIN_INTERNAL,
    names::CONNECT_ORIGINATE,
    "inner_connect_originate",
    "outer_connect_originate",
];

/// Patches a waypoint's listeners, all of which are inbound ones, and adds listeners.
pub(super) fn listeners(resources: &mut WaypointResources, context: Context<'_>) {
    let (mut removed, mut stopped) = (false, false);
    // They stay in turn where patches give several one name.
    resources.listeners.sort_by_key(|l| IN_TURN.iter().position(|name| *name == l.message.name));
    for listener in &mut resources.listeners {
        let mut applied = Applied::default();
        match patch_listener(&mut listener.message, context, &mut applied) {
            // Without a name it is dropped: a patch may have given it that of another one. Where patching
            // ends early, it is sent without.
            Ok(Kept::No) => {
                listener.message.name.clear();
                removed = true;
            }
            Ok(Kept::Yes) => {}
            Err(Stop) => stopped = true,
        }
        applied.note(&mut listener.origins);
        if stopped {
            break;
        }
    }
    if !stopped {
        add(resources, context);
        if removed {
            resources.listeners.retain(|listener| !listener.message.name.is_empty());
        }
    }
    // Outbound listeners, of which a waypoint has none, can be added without a context.
    add(resources, Context { context: PatchContext::SidecarOutbound, ..context });
    resources.listeners.sort_by(|a, b| a.message.name.cmp(&b.message.name));
}

fn add(resources: &mut WaypointResources, context: Context<'_>) {
    for patch in context.of(&context.patches.listeners) {
        let everywhere = patch.matches.context == PatchContext::Any;
        if patch.operation == PatchOperation::Add
            && (!everywhere || context.context == PatchContext::SidecarOutbound)
            && !(context.rules.drops_bare && patch.value.name.is_empty())
        {
            resources.listeners.push(Resource {
                message: patch.value.clone(),
                origins: vec![Origin::of_resource(vec![patch.cause.clone()])],
            });
        }
    }
}

/// Whether a listener stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    Yes,
    No,
}

fn patch_listener(
    listener: &mut Listener,
    context: Context<'_>,
    applied: &mut Applied,
) -> Result<Kept, Stop> {
    for patch in context.of(&context.patches.listeners) {
        if !Parent::of(listener).fits(patch) {
            continue;
        }
        if patch.operation == PatchOperation::Remove {
            return Ok(Kept::No);
        }
        if patch.merges() {
            merge::message(listener, patch);
            applied.by(&patch.cause);
        }
    }
    listener_filters(listener, context, applied)?;
    chain::chains(listener, context, applied)?;
    Ok(Kept::Yes)
}

fn listener_filters(
    listener: &mut Listener,
    context: Context<'_>,
    applied: &mut Applied,
) -> Result<(), Stop> {
    let parent = Parent::of(listener);
    let filters = &mut listener.listener_filters;
    let mut removed: Vec<String> = Vec::new();
    for patch in context.of(&context.patches.listener_filters).filter(|p| parent.fits(p)) {
        let wanted =
            patch.listener_match().map(|m| m.listener_filter.as_str()).filter(|name| !name.is_empty());
        let fits = |f: &ListenerFilter| wanted.is_none_or(|wanted| context.rules.names.fits(wanted, &f.name));
        let changed = match (patch.operation, wanted) {
            (PatchOperation::Remove | PatchOperation::Merge, None) => false,
            (PatchOperation::Remove, Some(_)) => match context.rules.removal {
                FilterRemoval::InTurn => {
                    let before = filters.len();
                    filters.retain(|f| !fits(f));
                    filters.len() < before
                }
                FilterRemoval::AtLast => {
                    let first = filters.iter().find(|f| fits(f)).map(|f| f.name.clone());
                    let found = first.is_some();
                    removed.extend(first);
                    found
                }
            },
            (PatchOperation::Merge, Some(_)) if context.rules.merges_listener_filters => {
                merge_all(filters, patch, context)?;
                true
            }
            (operation, _) => {
                list::place(filters, operation, &patch.value, wanted.is_some().then_some(&fits))
            }
        };
        if changed {
            applied.by(&patch.cause);
        }
    }
    filters.retain(|f| !removed.contains(&f.name));
    Ok(())
}

/// Merges into every filter of the listener. An accident: the filter that the patch names is not looked for,
/// and so a listener with filters of another type stops all patching.
fn merge_all(
    filters: &mut [ListenerFilter],
    patch: &Patch<ListenerFilter>,
    context: Context<'_>,
) -> Result<(), Stop> {
    use listener_filter::ConfigType::TypedConfig;
    for filter in filters {
        if let (Some(TypedConfig(base)), Some(TypedConfig(value))) =
            (&mut filter.config_type, &patch.value.config_type)
        {
            *base = merge::config(base, value, context.rules.mismatched_types)?;
        }
    }
    Ok(())
}
