//! Collects nodes and edges.

use std::collections::{BTreeMap, BTreeSet};

use crate::resources::Origin;
use crate::snapshot::Cause;
use crate::view::location::Location;
use crate::view::origins::{Located, Maker};

use super::attached::Attached;
use super::{Edge, Graph, Node, NodeKind};

/// A graph that is being made.
pub(super) struct Builder<'a> {
    pub(super) located: Located<'a>,
    nodes: Vec<Node<'a>>,
    edges: Vec<Edge>,
    /// Where each id is in `nodes`.
    index: BTreeMap<String, usize>,
}

/// What is known of a node before its edges are.
pub(super) struct NewNode<'a> {
    pub(super) id: String,
    pub(super) kind: NodeKind,
    pub(super) label: String,
    pub(super) detail: String,
    pub(super) service: Option<String>,
    pub(super) resource: Option<Location>,
    pub(super) causes: &'a [Cause],
    pub(super) attached: Vec<Attached<'a>>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(located: Located<'a>) -> Self {
        Self { located, nodes: Vec::new(), edges: Vec::new(), index: BTreeMap::new() }
    }

    /// Adds a node, and says so; of one that is there already only the objects that made it.
    pub(super) fn node(&mut self, new: NewNode<'a>) -> bool {
        let known = self.index.get(&new.id).and_then(|position| self.nodes.get_mut(*position));
        if let Some(node) = known {
            for cause in new.causes {
                let maker = self.located.maker(cause);
                if !node.origins.contains(&maker) {
                    node.origins.push(maker);
                }
            }
            return false;
        }
        self.index.insert(new.id.clone(), self.nodes.len());
        let origins: Vec<Maker<'a>> = new.causes.iter().map(|cause| self.located.maker(cause)).collect();
        let is_assumed = |maker: &Maker<'_>| match new.kind {
            NodeKind::Chain => maker.assumed || maker.assumed_address,
            _ => maker.assumed,
        };
        self.nodes.push(Node {
            id: new.id,
            kind: new.kind,
            label: new.label,
            detail: new.detail,
            service: new.service,
            shared: false,
            resource: new.resource,
            assumed: origins.first().is_some_and(is_assumed),
            origins,
            attached: new.attached,
        });
        true
    }

    pub(super) fn edge(&mut self, from: &str, to: String, label: String, weight: Option<u32>) {
        self.edges.push(Edge { from: from.to_owned(), to, label, weight });
    }

    /// An id that no node has yet: `id` itself, or `id` with a number.
    pub(super) fn fresh(&self, id: String) -> String {
        if !self.index.contains_key(&id) {
            return id;
        }
        let numbered = (2u32..).map(|number| format!("{id}#{number}"));
        numbered.into_iter().find(|id| !self.index.contains_key(id)).unwrap_or(id)
    }

    /// Routes may name clusters that nobody sends: Envoy answers such requests with an error.
    pub(super) fn add_unsent_clusters(&mut self) {
        let named = self.edges.iter().filter_map(|edge| edge.to.strip_prefix("cluster:"));
        let unsent: BTreeSet<String> =
            named.filter(|name| !self.index.contains_key(&cluster_id(name))).map(str::to_owned).collect();
        for name in unsent {
            self.node(NewNode {
                id: cluster_id(&name),
                kind: NodeKind::Cluster,
                service: None,
                detail: "not sent".to_owned(),
                label: name,
                resource: None,
                causes: &[],
                attached: Vec::new(),
            });
        }
    }

    /// The graph: edges in the order of the nodes that they leave, without those that lead nowhere.
    pub(super) fn finish(self) -> Graph<'a> {
        let Self { mut nodes, mut edges, index, .. } = self;
        edges.retain(|edge| index.contains_key(&edge.to));
        edges.sort_by_key(|edge| index.get(&edge.from).copied());
        let mut ways_in: BTreeMap<&str, usize> = BTreeMap::new();
        for edge in &edges {
            *ways_in.entry(&edge.to).or_default() += 1;
        }
        for node in &mut nodes {
            node.shared = ways_in.get(node.id.as_str()).is_some_and(|ways| *ways > 1);
        }
        Graph { nodes, edges }
    }
}

/// The id of a cluster's node.
pub(super) fn cluster_id(name: &str) -> String {
    format!("cluster:{name}")
}

/// The id of a listener's node.
pub(super) fn listener_id(name: &str) -> String {
    format!("listener:{name}")
}

/// What made something.
pub(super) fn causes(origin: Option<&Origin>) -> &[Cause] {
    origin.map_or(&[], |origin| &origin.causes)
}
