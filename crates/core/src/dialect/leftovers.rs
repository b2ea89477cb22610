//! What nobody rewrote: extensions in places that no rewrite looks at, and expressions about what Istio's
//! extensions would have found out.

use envoy::extensions::access_loggers::filters::cel::v3::ExpressionFilter;
use envoy::inside::{self, Visit};
use envoy::udpa::r#type::v1::TypedStruct;
use envoy::{Message, Name};

use super::known::{Extension, extension};
use super::typed::{is_typed_struct, last_part};
use super::unsupported::UnsupportedExtensions;
use crate::resources::{Resource, WaypointResources};

/// What only Istio's extensions know, and expressions may ask for.
const PEER_ATTRIBUTES: &[&str] = &["downstream_peer", "upstream_peer"];

/// Tells of everything that is still there.
pub(super) fn report(resources: &WaypointResources, unsupported: &mut UnsupportedExtensions) {
    for resource in &resources.listeners {
        look(resource, &resource.message.name, unsupported);
    }
    for resource in &resources.clusters {
        look(resource, &resource.message.name, unsupported);
    }
    for resource in &resources.routes {
        look(resource, &resource.message.name, unsupported);
    }
    for resource in &resources.extensions {
        look(resource, &resource.message.name, unsupported);
    }
}

fn look<M: Message + Name>(resource: &Resource<M>, name: &str, unsupported: &mut UnsupportedExtensions) {
    unsupported.made_by(&resource.origins);
    // What can't be looked into was not made here, and Envoy refuses it.
    let _ = inside::visit(&resource.message, &mut Leftovers { resource: name, unsupported });
}

/// What is left in a resource.
struct Leftovers<'l> {
    resource: &'l str,
    unsupported: &'l mut UnsupportedExtensions,
}

impl Visit for Leftovers<'_> {
    fn any(&mut self, name: &str) {
        if extension(name) != Extension::Upstream {
            self.unsupported.left_in(self.resource, name);
        }
    }

    fn message(&mut self, name: &str, wire: &[u8]) {
        if is_typed_struct(name)
            && let Ok(inner) = TypedStruct::decode(wire)
            && !inner.type_url.is_empty()
        {
            self.any(last_part(&inner.type_url));
        } else if let Some(ExpressionFilter { expression, .. }) = inside::read(name, wire)
            && let Some(attribute) = peer_attribute(&expression)
        {
            self.unsupported.expression(self.resource, &expression, attribute);
        }
    }

    fn text(&mut self, name: &str, text: &str) {
        // An extension inside of a struct that stands for a message.
        if name == "@type" {
            self.any(last_part(text));
        }
        let asks = ["%FILTER_STATE(", "%CEL("].iter().any(|asks| text.contains(asks));
        if asks && peer_attribute(text).is_some() {
            self.unsupported.unknown_peers();
        }
    }
}

fn peer_attribute(text: &str) -> Option<&'static str> {
    PEER_ATTRIBUTES.iter().copied().find(|attribute| text.contains(attribute))
}
