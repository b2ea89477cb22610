//! How a matcher tree leads to a filter chain, in words.

use envoy::xds::r#type::matcher::v3::Matcher;
use envoy::xds::r#type::matcher::v3::matcher::MatcherType;
use envoy::xds::r#type::matcher::v3::matcher::on_match::OnMatch as Leads;

use crate::opened::matcher::branches;

/// Nothing leads there.
const NONE: &str = "NONE";

/// Every way to the chain called `name`, e.g. `ip=10.96.0.1 -> port=443`.
pub(super) fn ways_to(name: &str, tree: &Matcher) -> Vec<String> {
    let found = match tree.on_no_match.as_deref().and_then(|o| o.on_match.as_ref()) {
        Some(Leads::Action(action)) if action.name == name => return vec!["UNMATCHED".to_owned()],
        Some(Leads::Matcher(inner)) => ways(name, inner),
        _ => ways(name, tree),
    };
    found.unwrap_or_else(|| vec![NONE.to_owned()])
}

fn ways(name: &str, tree: &Matcher) -> Option<Vec<String>> {
    match tree.on_no_match.as_deref().and_then(|o| o.on_match.as_ref()) {
        Some(Leads::Action(action)) if action.name == name => return Some(vec!["ANY".to_owned()]),
        Some(Leads::Matcher(inner)) => {
            return Some(ways(name, inner).unwrap_or_else(|| vec![NONE.to_owned()]));
        }
        _ => {}
    }
    let Some(MatcherType::MatcherTree(node)) = &tree.matcher_type else { return None };
    let input = node.input.as_ref().map_or("", |i| i.name.as_str());
    let mut found = Vec::new();
    for (key, relation, next) in branches(node.tree_type.as_ref()?) {
        match next.on_match.as_ref() {
            Some(Leads::Action(action)) if action.name == name => {
                found.push(format!("{input}{relation}{key}"))
            }
            Some(Leads::Matcher(inner)) => {
                let deeper = ways(name, inner).unwrap_or_default();
                found.extend(deeper.into_iter().map(|way| format!("{input}{relation}{key} -> {way}")));
            }
            _ => {}
        }
    }
    (!found.is_empty()).then_some(found)
}
