//! What a request's token says: Istio's `istio_authn` (HTTP), as a Lua filter.
//!
//! 1.18's policies don't read what `jwt_authn` found, but what `istio_authn` made of it: `iss/sub` as one
//! string, every claim as a list of words. No matcher of Envoy's puts two claims together, so a script makes
//! the same of it.
//!
//! Source: the filter `istio_authn` of Istio's proxy 1.18, as its tests describe it.

use std::fmt::Write as _;

use envoy::config::core::v3::DataSource;
use envoy::config::core::v3::data_source::Specifier;
use envoy::extensions::filters::http::lua::v3::Lua;
use envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;
use envoy::google::protobuf::Any;
use envoy::istio::envoy::config::filter::http::authn::v2alpha1::FilterConfig;

use crate::resources::filters::http;

/// The script, behind the list of issuers.
const SCRIPT: &str = include_str!("istio_authn.lua");

/// The filter that takes the place of `istio_authn`; none where its configuration cannot be read.
pub(super) fn filter(name: &str, config: &Any) -> Option<HttpFilter> {
    let config: FilterConfig = envoy::unpack(config).ok()?;
    let policy = config.policy.unwrap_or_default();
    #[allow(deprecated, reason = "the filter reads these fields")]
    let issuers =
        policy.origins.iter().filter_map(|origin| origin.jwt.as_ref()).map(|jwt| jwt.issuer.as_str());
    let source =
        DataSource { specifier: Some(Specifier::InlineString(script(issuers))), ..DataSource::default() };
    Some(http::filter(name, envoy::any(&Lua { default_source_code: Some(source), ..Lua::default() })))
}

/// The issuers of a filter that takes the place of `istio_authn`; none of another script.
pub(crate) fn issuers(lua: &Lua) -> Option<Vec<String>> {
    let source = lua.default_source_code.as_ref()?.specifier.as_ref()?;
    let Specifier::InlineString(source) = source else { return None };
    let list = source.strip_suffix(SCRIPT)?.strip_prefix("local issuers = {")?.strip_suffix("}\n")?;
    let mut issuers = Vec::new();
    let mut rest = list;
    while let Some(inside) = rest.strip_prefix('"') {
        let (issuer, after) = inside.split_once('"')?;
        issuers.push(unquote(issuer)?);
        rest = after.strip_prefix(", ").unwrap_or(after);
    }
    rest.is_empty().then_some(issuers)
}

/// The text that [`quote`] has quoted.
fn unquote(quoted: &str) -> Option<String> {
    let mut parts = quoted.split('\\');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(3)?;
        bytes.push(digits.parse().ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

fn script<'i>(issuers: impl Iterator<Item = &'i str>) -> String {
    let mut script = "local issuers = {".to_owned();
    for (index, issuer) in issuers.enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(script, "{comma}{}", quote(issuer));
    }
    script.push_str("}\n");
    script.push_str(SCRIPT);
    script
}

/// A string of Lua: whatever is not a plain character is written as its bytes.
fn quote(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for byte in text.bytes() {
        if (byte.is_ascii_graphic() || byte == b' ') && !matches!(byte, b'"' | b'\\') {
            quoted.push(char::from(byte));
        } else {
            let _ = write!(quoted, "\\{byte:03}");
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_cannot_leave_their_quotes() {
        assert_eq!(quote("https://a b"), r#""https://a b""#);
        assert_eq!(quote("\"] os.exit() --\n\\é"), r#""\034] os.exit() --\010\092\195\169""#);
        let script = script(["a", "b"].into_iter());
        assert!(script.starts_with("local issuers = {\"a\", \"b\"}\n"), "{script}");
    }

    #[test]
    fn issuers_are_read_back() {
        let lua = |text: String| {
            let source =
                DataSource { specifier: Some(Specifier::InlineString(text)), ..DataSource::default() };
            Lua { default_source_code: Some(source), ..Lua::default() }
        };
        let all = ["https://a b", "\"] é\\\n", ""];
        assert_eq!(issuers(&lua(script(all.into_iter()))).unwrap(), all);
        assert_eq!(issuers(&lua(script([].into_iter()))), Some(Vec::new()));
        assert_eq!(issuers(&lua("function envoy_on_request() end".to_owned())), None);
    }
}
