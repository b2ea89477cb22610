//! What filters change on the way.

use std::collections::BTreeSet;

use crate::trace::classes::attribute::{Attribute, of_header};
use crate::trace::jwt::JWT_AUTHN;
use crate::trace::manager::{FilterDoes, Manager};

/// Attributes that are not what the client has sent when they are looked at.
pub(super) fn changed(manager: &Manager) -> BTreeSet<Attribute> {
    const MADE: [&str; 9] = [
        ":path",
        ":scheme",
        "x-forwarded-proto",
        "x-forwarded-client-cert",
        "x-request-id",
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
    ];
    let mut changed: BTreeSet<Attribute> = MADE.iter().map(|name| of_header(name)).collect();
    for filter in &manager.filters {
        match &filter.does {
            FilterDoes::Jwt(tokens) => {
                changed.extend(tokens.headers().map(of_header));
                // A token that is accepted is for somebody who is named: what else it may say of that is not
                // looked at.
                if tokens.issuers().any(|issuer| tokens.audience(issuer).is_some()) {
                    let audience = |key: &str| vec![key.to_owned(), "aud".to_owned()];
                    changed.extend(
                        tokens
                            .kept()
                            .map(|(key, _)| Attribute::Metadata(JWT_AUTHN.to_owned(), audience(key))),
                    );
                }
                changed.extend(tokens.parameters().map(|name| Attribute::Query(name.to_owned())));
            }
            FilterDoes::Mutation(mutation) => {
                changed.extend(crate::trace::traffic::mutated(mutation).map(of_header))
            }
            _ => {}
        }
    }
    changed
}
