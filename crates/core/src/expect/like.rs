//! What requests are like: texts with stars in them, as Istio's policies have them.

use decisions::text::Pattern;
use ipnet::IpNet;

use super::values::HeaderValue;
use crate::trace::classes::Attribute;
use crate::trace::classes::access::{Is, Wanted};

/// Whether it is the other way round.
pub(super) type Not = bool;

/// A text: itself, `start*`, `*end`, `*part*`, or `*` for any.
pub(super) fn text(written: &str) -> Is {
    let words = format!("`{written}`");
    match (written.strip_prefix('*'), written.strip_suffix('*')) {
        _ if written == "*" => Is::Present,
        (Some(_), Some(_)) => Is::Text(Pattern::part(written.trim_matches('*')), words),
        (Some(end), None) => Is::Text(Pattern::suffix(end), words),
        (None, Some(start)) => Is::Text(Pattern::prefix(start), words),
        (None, None) => Is::Text(Pattern::exact(written), words),
    }
}

/// A text with a star as a regular expression, where `anything` is what the star stands for.
fn starred(written: &str, anything: &str) -> String {
    written.split('*').map(regex::escape).collect::<Vec<_>>().join(anything)
}

/// Who has a SPIFFE id of a namespace.
pub(super) fn namespace(written: &str) -> Is {
    let namespace = starred(written, "[^/]*");
    Is::Text(
        Pattern::regex(&format!("spiffe://[^/]*/ns/{namespace}/sa/(?s:.*)")),
        format!("`*/ns/{written}/*`"),
    )
}

/// Who has a SPIFFE id, which policies write without `spiffe://`.
pub(super) fn principal(written: &str) -> Is {
    let bare = written.strip_prefix("spiffe://").unwrap_or(written);
    Is::Text(Pattern::regex(&format!("spiffe://{}", starred(bare, "(?s:.*)"))), format!("`{written}`"))
}

/// An address, or a block of them.
pub(super) fn block(written: &str) -> Result<Is, String> {
    let address = written.parse::<std::net::IpAddr>().map(IpNet::from);
    let block = written.parse::<IpNet>().or(address);
    block.map(|block| Is::In(block.trunc())).map_err(|_| {
        format!("`{written}` is no address: expected one like 10.0.0.1, or a block like 10.0.0.0/8")
    })
}

/// A header: a text, whether there is one, `null` for none.
pub(super) fn header(name: &str, value: Option<&HeaderValue>) -> Wanted {
    let attribute = match name.to_ascii_lowercase().as_str() {
        "host" | ":authority" => Attribute::Host,
        lower => Attribute::Header(lower.to_owned()),
    };
    let any = vec![match value {
        Some(HeaderValue::Is(written)) => text(written),
        Some(HeaderValue::Present(true)) => Is::Present,
        Some(HeaderValue::Present(false)) | None => Is::Absent,
    }];
    Wanted { attribute, any, not: false }
}

/// A claim of a token that is accepted: a text, or an entry of a list.
pub(super) fn claim(name: &str, value: Option<&HeaderValue>) -> Wanted {
    let keys = name.split('.').map(str::to_owned);
    let keys = std::iter::once(PAYLOAD.to_owned()).chain(keys).collect();
    let any = vec![match value {
        Some(HeaderValue::Is(written)) => match text(written) {
            Is::Text(pattern, words) => Is::Entry(pattern, words),
            other => other,
        },
        Some(HeaderValue::Present(true)) => Is::Present,
        Some(HeaderValue::Present(false)) | None => Is::Absent,
    }];
    Wanted { attribute: Attribute::Metadata(JWT_AUTHN.to_owned(), keys), any, not: false }
}

/// Whether a token is sent that is accepted: it has an issuer.
pub(super) fn token(there: bool) -> Wanted {
    claim("iss", Some(&HeaderValue::Present(there)))
}

/// Where the proxy keeps what accepted tokens say.
const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";
const PAYLOAD: &str = "payload";
