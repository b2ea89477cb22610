//! Patches of filter chains, and of the network and HTTP filters in them.

use envoy::config::listener::v3::{Filter, FilterChain, Listener};
use envoy::extensions::filters::network::http_connection_manager::v3::{HttpConnectionManager, HttpFilter};

use super::filter::{self, AnyFilter, Outcome};
use super::merge::{self, SocketMerge, Stop};
use super::patch::Patch;
use super::{Applied, Context};
use crate::snapshot::networking::envoy_filter::PatchOperation;

const HTTP_CONNECTION_MANAGER: &str = "envoy.filters.network.http_connection_manager";

/// Patches a listener's chains.
pub(super) fn chains(
    listener: &mut Listener,
    context: Context<'_>,
    applied: &mut Applied,
) -> Result<(), Stop> {
    // Chains are matched by the listener as it was when its turn came.
    let parent = Parent::of(listener);
    // A chain is bare if it never had filters, or is removed; one that lost its last filter is not.
    let mut bare = Vec::with_capacity(listener.filter_chains.len());
    let mut drops_bare = context.rules.drops_bare;
    for chain in &mut listener.filter_chains {
        let had_filters = !chain.filters.is_empty();
        let stays = had_filters && patch_chain(chain, &parent, context, applied)?;
        if had_filters && !stays {
            // So it is sent where patching ends early.
            chain.filters.clear();
            drops_bare = true;
        }
        bare.push(!stays);
    }
    if let Some(chain) = listener.default_filter_chain.as_mut().filter(|chain| !chain.filters.is_empty())
        && !patch_chain(chain, &parent, context, applied)?
    {
        listener.default_filter_chain = None;
    }
    for patch in context.of(&context.patches.filter_chains).filter(|p| parent.fits(p)) {
        if patch.operation == PatchOperation::Add {
            bare.push(patch.value.filters.is_empty());
            listener.filter_chains.push(patch.value.clone());
            applied.by(&patch.cause);
        }
    }
    if drops_bare {
        let mut bare = bare.into_iter();
        listener.filter_chains.retain(|_| bare.next() == Some(false));
    }
    Ok(())
}

/// What of a listener its chains' patches are matched with.
pub(super) struct Parent {
    name: String,
    port: Option<u32>,
}

impl Parent {
    pub(super) fn of(listener: &Listener) -> Self {
        use envoy::config::core::v3::address::Address;
        use envoy::config::core::v3::socket_address::PortSpecifier;
        let port = match listener.address.as_ref().and_then(|a| a.address.as_ref()) {
            Some(Address::SocketAddress(socket)) => Some(match socket.port_specifier {
                Some(PortSpecifier::PortValue(port)) => port,
                _ => 0,
            }),
            _ => None,
        };
        Self { name: listener.name.clone(), port }
    }

    /// Whether a patch is for this listener. One of Envoy's internal listeners has no port.
    pub(super) fn fits<M>(&self, patch: &Patch<M>) -> bool {
        patch.listener_match().is_none_or(|wanted| {
            (wanted.name.is_empty() || wanted.name == self.name)
                && (wanted.port_number == 0 || self.port == Some(wanted.port_number))
        })
    }
}

/// Whether a patch is for this chain of a listener that it is for.
fn fits_chain<M>(chain: &FilterChain, patch: &Patch<M>, context: Context<'_>) -> bool {
    let Some(wanted) = patch.chain_match() else { return true };
    let found = chain.filter_chain_match.as_ref();
    let protocols = wanted.application_protocols.as_str();
    (wanted.name.is_empty() || wanted.name == chain.name)
        && (wanted.sni.is_empty() || found.is_some_and(|m| m.server_names.iter().any(|n| *n == wanted.sni)))
        && (wanted.transport_protocol.is_empty()
            || found.is_some_and(|m| m.transport_protocol == wanted.transport_protocol))
        && (protocols.is_empty()
            || !context.rules.matches_application_protocols
            || found.is_some_and(|m| {
                protocols.split(',').all(|p| m.application_protocols.iter().any(|known| known == p))
            }))
        && (wanted.destination_port == 0
            || found
                .and_then(|m| m.destination_port.as_ref())
                .is_some_and(|port| port.value == wanted.destination_port))
}

/// Patches a chain; false if it has to go.
fn patch_chain(
    chain: &mut FilterChain,
    parent: &Parent,
    context: Context<'_>,
    applied: &mut Applied,
) -> Result<bool, Stop> {
    for patch in context.of(&context.patches.filter_chains).filter(|p| parent.fits(p)) {
        if !fits_chain(chain, patch, context) {
            continue;
        }
        if patch.operation == PatchOperation::Remove {
            applied.by(&patch.cause);
            return Ok(false);
        }
        if patch.merges() {
            applied.by(&patch.cause);
            if transport_socket(chain, patch)? == SocketMerge::AsUsual {
                merge::message(chain, patch);
            }
        }
    }
    network_filters(chain, parent, context, applied)?;
    Ok(true)
}

/// Where both have a transport socket of the same name, only that is merged.
fn transport_socket(chain: &mut FilterChain, patch: &Patch<FilterChain>) -> Result<SocketMerge, Stop> {
    match (&mut chain.transport_socket, &patch.value.transport_socket) {
        (Some(base), Some(value)) if base.name == value.name => {
            merge::transport_socket(base, value)?;
            Ok(SocketMerge::Done)
        }
        _ => Ok(SocketMerge::AsUsual),
    }
}

fn network_filters(
    chain: &mut FilterChain,
    parent: &Parent,
    context: Context<'_>,
    applied: &mut Applied,
) -> Result<(), Stop> {
    let patches: Vec<_> = context
        .of(&context.patches.network_filters)
        .filter(|p| parent.fits(p) && fits_chain(chain, p, context))
        .collect();
    for patch in &patches {
        if filter::place(&mut chain.filters, patch, context.rules) {
            applied.by(&patch.cause);
        }
    }
    let http: Vec<_> = context
        .of(&context.patches.http_filters)
        .filter(|p| parent.fits(p) && fits_chain(chain, p, context))
        .collect();
    change_all(&mut chain.filters, &patches, context, applied, |filter, applied| {
        http_filters(filter, &http, context, applied)
    })
}

/// Merges into each filter and removes; `then` comes for each filter that stays.
fn change_all<F: AnyFilter>(
    filters: &mut Vec<F>,
    patches: &[&Patch<F>],
    context: Context<'_>,
    applied: &mut Applied,
    then: impl Fn(&mut F, &mut Applied) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut removed = Vec::new();
    for filter in filters.iter_mut() {
        let mut outcome = Outcome::Untouched;
        for patch in patches {
            outcome = filter::change(filter, patch, context.rules)?;
            if outcome != Outcome::Untouched {
                applied.by(&patch.cause);
            }
            if outcome == Outcome::Removed {
                break;
            }
        }
        if outcome == Outcome::Removed {
            removed.push(filter.name().to_owned());
        } else {
            then(filter, applied)?;
        }
    }
    filters.retain(|filter| !removed.iter().any(|name| name == filter.name()));
    Ok(())
}

fn http_filters(
    filter: &mut Filter,
    patches: &[&Patch<HttpFilter>],
    context: Context<'_>,
    applied: &mut Applied,
) -> Result<(), Stop> {
    if filter.name != HTTP_CONNECTION_MANAGER {
        return Ok(());
    }
    let fits = |patch: &&&Patch<HttpFilter>| {
        patch.filter_match().is_none_or(|wanted| context.rules.names.fits(&wanted.name, &filter.name))
    };
    let patches: Vec<_> = patches.iter().filter(fits).copied().collect();
    if patches.is_empty() {
        return Ok(());
    }
    let Some(mut manager) = filter.config().and_then(|any| envoy::unpack::<HttpConnectionManager>(any).ok())
    else {
        return Ok(());
    };
    for patch in &patches {
        if filter::place(&mut manager.http_filters, patch, context.rules) {
            applied.by(&patch.cause);
        }
    }
    change_all(&mut manager.http_filters, &patches, context, applied, |_, _| Ok(()))?;
    filter.set_config(envoy::any(&manager));
    Ok(())
}
