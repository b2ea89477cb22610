//! Header operations: `headers.request` and `headers.response` of a route or of one of its destinations.

use std::collections::BTreeMap;

use envoy::config::core::v3::header_value_option::HeaderAppendAction;
use envoy::config::core::v3::{HeaderValue, HeaderValueOption};

use crate::Str;
use crate::snapshot::networking::virtual_service::Headers;

/// What a `Headers` message asks of Envoy.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct HeaderChanges {
    pub(super) request_to_add: Vec<HeaderValueOption>,
    pub(super) request_to_remove: Vec<String>,
    pub(super) response_to_add: Vec<HeaderValueOption>,
    pub(super) response_to_remove: Vec<String>,
    /// The new authority, if the request's `Host` or `:authority` is set or added; Envoy rewrites it by other
    /// means.
    pub(super) authority: Option<String>,
}

impl HeaderChanges {
    /// Translates a `Headers` message; none is no change.
    pub(super) fn new(headers: Option<&Headers>) -> Self {
        let mut out = Self::default();
        let Some(headers) = headers else { return out };
        if let Some(request) = &headers.request {
            let set = authority(&request.set);
            out.authority = set.or_else(|| authority(&request.add));
            out.request_to_add = additions(&request.set, &request.add);
            out.request_to_remove = removals(&request.remove);
        }
        if let Some(response) = &headers.response {
            out.response_to_add = additions(&response.set, &response.add);
            out.response_to_remove = removals(&response.remove);
        }
        out
    }
}

/// Sets come before adds, each sorted by name.
fn additions(set: &BTreeMap<Str, Str>, add: &BTreeMap<Str, Str>) -> Vec<HeaderValueOption> {
    let set = set.iter().map(|header| (header, HeaderAppendAction::OverwriteIfExistsOrAdd));
    let add = add.iter().map(|header| (header, HeaderAppendAction::AppendIfExistsOrAdd));
    set.chain(add)
        .filter(|((name, _), _)| !is_internal(name))
        .map(|((name, value), action)| HeaderValueOption {
            header: Some(HeaderValue {
                key: name.to_string(),
                value: value.to_string(),
                ..HeaderValue::default()
            }),
            append_action: action.into(),
            ..HeaderValueOption::default()
        })
        .collect()
}

fn removals(names: &[Str]) -> Vec<String> {
    names.iter().filter(|name| !is_internal(name)).map(ToString::to_string).collect()
}

/// The value that would become the authority. An empty one counts as none.
fn authority(headers: &BTreeMap<Str, Str>) -> Option<String> {
    headers
        .iter()
        .rfind(|(name, _)| is_authority(name))
        .map(|(_, value)| value.to_string())
        .filter(|value| !value.is_empty())
}

/// Pseudo headers and `Host`, which Envoy refuses to change as headers.
fn is_internal(name: &str) -> bool {
    name.starts_with(':') || name.eq_ignore_ascii_case("host")
}

fn is_authority(name: &str) -> bool {
    name.eq_ignore_ascii_case(":authority") || name.eq_ignore_ascii_case("host")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::networking::virtual_service::HeaderOperations;

    fn map(entries: &[(&str, &str)]) -> BTreeMap<Str, Str> {
        entries.iter().map(|(k, v)| (Str::from(*k), Str::from(*v))).collect()
    }

    #[test]
    fn sets_overwrite_and_come_first() {
        let headers = Headers {
            request: Some(HeaderOperations {
                set: map(&[("x-set", "1")]),
                add: map(&[("x-add", "2"), ("a-add", "3")]),
                remove: vec!["x-gone".into(), "Host".into(), ":path".into()],
            }),
            response: None,
        };
        let changes = HeaderChanges::new(Some(&headers));
        let order: Vec<_> = changes
            .request_to_add
            .iter()
            .map(|h| (h.header.as_ref().map_or("", |h| h.key.as_str()), h.append_action))
            .collect();
        assert_eq!(order, [("x-set", 2), ("a-add", 0), ("x-add", 0)]);
        assert_eq!(changes.request_to_remove, ["x-gone"]);
        assert_eq!(changes.authority, None);
    }

    #[test]
    fn the_host_becomes_the_authority_and_set_wins() {
        let request = HeaderOperations {
            set: map(&[(":authority", "set.example")]),
            add: map(&[("HOST", "add.example")]),
            remove: Vec::new(),
        };
        let headers = Headers { request: Some(request.clone()), response: Some(request) };
        let changes = HeaderChanges::new(Some(&headers));
        assert_eq!(changes.authority.as_deref(), Some("set.example"));
        assert!(changes.request_to_add.is_empty());
        assert!(changes.response_to_add.is_empty());
    }
}
