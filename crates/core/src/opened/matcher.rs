//! The branches of a listener's matcher.

use std::collections::BTreeMap;

use envoy::xds::r#type::matcher::v3::IpMatcher;
use envoy::xds::r#type::matcher::v3::matcher::OnMatch;
use envoy::xds::r#type::matcher::v3::matcher::matcher_tree::{MatchMap, TreeType};

/// The branches of a node: the value matched, how it is compared, and where it leads. Where two ranges have
/// the same address the later one counts, as in istioctl.
pub(crate) fn branches(tree: &TreeType) -> Vec<(String, &'static str, OnMatch)> {
    match tree {
        TreeType::ExactMatchMap(map) => entries(map, "="),
        TreeType::PrefixMatchMap(map) => entries(map, "^"),
        TreeType::CustomMatch(custom) => {
            let Some(ip) = custom.typed_config.as_ref().and_then(|any| envoy::unpack::<IpMatcher>(any).ok())
            else {
                return Vec::new();
            };
            let mut ranges: BTreeMap<String, OnMatch> = BTreeMap::new();
            let mut order = Vec::new();
            for matcher in ip.range_matchers.iter().filter_map(|matcher| matcher.decode().ok()) {
                for range in &matcher.ranges {
                    let key = match range.prefix_len.map(|length| length.value) {
                        Some(32 | 128) => range.address_prefix.clone(),
                        length => format!("{}/{}", range.address_prefix, length.unwrap_or_default()),
                    };
                    if let Some(next) = matcher.on_match.clone()
                        && ranges.insert(key.clone(), next).is_none()
                    {
                        order.push(key);
                    }
                }
            }
            order
                .into_iter()
                .filter_map(|key| ranges.remove_entry(&key))
                .map(|(key, next)| (key, "=", next))
                .collect()
        }
    }
}

fn entries(map: &MatchMap, relation: &'static str) -> Vec<(String, &'static str, OnMatch)> {
    map.map.iter().filter_map(|(key, next)| Some((key.clone(), relation, next.decode().ok()?))).collect()
}
