//! What is applied to the traffic of a filter chain: policies, authentication, extensions.

use serde::Serialize;

use crate::opened::OpenedChain;
use crate::resources::Origin;
use crate::snapshot::{Kind, ObjectRef};
use crate::view::location::Location;
use crate::view::origins::{Located, Maker};

/// What sort of thing is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum AttachedKind {
    /// A policy that lets requests or connections pass, or not.
    Authorization,
    /// The check of tokens.
    Authentication,
    /// A Wasm module or a script.
    Extension,
}

/// Something that is applied to the traffic of a filter chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Attached<'a> {
    /// What sort of thing it is.
    pub kind: AttachedKind,
    /// What to call it: `shop/readers`.
    pub label: String,
    /// Where its JSON is.
    pub resource: Location,
    /// The objects that made it, the decisive one first.
    pub origins: Vec<Maker<'a>>,
}

/// What is attached to a chain, each object once, in the order of the filters. `listener` is where its
/// listener is.
pub(super) fn of_chain<'a>(
    chain: &OpenedChain<'a>,
    listener: &Location,
    located: &Located<'a>,
) -> Vec<Attached<'a>> {
    let mut all = Vec::new();
    let mut add = |origin: Option<&'a Origin>, pointer: &str| {
        for cause in origin.into_iter().flat_map(|origin| &origin.causes) {
            let (kind, label, maker) = (kind(cause.object.kind), label(&cause.object), located.maker(cause));
            match all.iter_mut().find(|one: &&mut Attached<'_>| one.kind == kind && one.label == label) {
                Some(one) if one.origins.contains(&maker) => {}
                Some(one) => one.origins.push(maker),
                None => {
                    let (resource, origins) = (listener.below(pointer), vec![maker]);
                    all.push(Attached { kind, label, resource, origins });
                }
            }
        }
    };
    for filter in &chain.filters {
        if let Some(Ok(manager)) = filter.carries_http() {
            for filter in manager.filters() {
                add(filter.origin(), &filter.pointer);
                filter.policies().iter().for_each(|policy| add(policy.origin, &policy.pointer));
            }
        } else {
            add(filter.origin(), &filter.pointer);
            filter.policies().iter().for_each(|policy| add(policy.origin, &policy.pointer));
        }
    }
    all
}

/// The sort of what objects of a kind make.
fn kind(of: Kind) -> AttachedKind {
    match of {
        Kind::AuthorizationPolicy => AttachedKind::Authorization,
        Kind::RequestAuthentication => AttachedKind::Authentication,
        _ => AttachedKind::Extension,
    }
}

fn label(object: &ObjectRef) -> String {
    format!("{}/{}", object.namespace, object.name)
}
