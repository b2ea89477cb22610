//! How a listener's matcher leads to its filter chains, for all of them at once.

use std::collections::BTreeMap;

use envoy::xds::r#type::matcher::v3::Matcher;
use envoy::xds::r#type::matcher::v3::matcher::on_match::OnMatch as Leads;
use envoy::xds::r#type::matcher::v3::matcher::{MatcherType, OnMatch};

use crate::opened::matcher::branches;

/// As many ways as an edge's label names.
const NAMED: usize = 3;

/// The ways to one chain: the first few, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ways {
    named: Vec<String>,
    total: usize,
}

impl Ways {
    fn push(&mut self, way: &[String]) {
        self.total += 1;
        if self.named.len() < NAMED {
            self.named.push(if way.is_empty() { "otherwise".to_owned() } else { way.join(" -> ") });
        }
    }

    /// For an edge's label.
    pub(super) fn label(&self) -> String {
        let mut label = self.named.join(", ");
        if self.total > self.named.len() {
            label.push_str(&format!(" and {} more", self.total - self.named.len()));
        }
        label
    }
}

/// The ways to every chain of a matcher, by the chain's name.
pub(super) fn ways(matcher: &Matcher) -> BTreeMap<String, Ways> {
    let mut found = BTreeMap::new();
    collect(matcher, &mut Vec::new(), &mut found);
    found
}

fn collect(matcher: &Matcher, way: &mut Vec<String>, found: &mut BTreeMap<String, Ways>) {
    if let Some(MatcherType::MatcherTree(tree)) = &matcher.matcher_type {
        let input = tree.input.as_ref().map_or("", |input| input.name.as_str());
        for (key, relation, next) in tree.tree_type.as_ref().map(branches).unwrap_or_default() {
            way.push(format!("{input}{relation}{key}"));
            follow(&next, way, found);
            way.pop();
        }
    }
    if let Some(next) = &matcher.on_no_match {
        follow(next, way, found);
    }
}

fn follow(next: &OnMatch, way: &mut Vec<String>, found: &mut BTreeMap<String, Ways>) {
    match &next.on_match {
        Some(Leads::Action(action)) => found.entry(action.name.clone()).or_default().push(way),
        Some(Leads::Matcher(inner)) => collect(inner, way, found),
        None => {}
    }
}
