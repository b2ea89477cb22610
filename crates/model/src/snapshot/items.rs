//! The objects of a document: itself, or a list's items.

use crate::text::{Document, Node};

/// An object and what its list says of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item<'t> {
    pub(super) node: Node<'t>,
    /// The list that it stands in, whose kind and version an item without its own takes over.
    list: Option<Node<'t>>,
}

impl<'t> Item<'t> {
    /// The object's `kind`. Items of a `PodList` may leave it out.
    pub(super) fn kind(self) -> Option<&'t str> {
        let own = text_field(self.node, "kind");
        own.or_else(|| self.typed_list().and_then(|list| text_field(list, "kind")?.strip_suffix("List")))
    }

    /// The object's `apiVersion`. Items of a `PodList` may leave it out.
    pub(super) fn api_version(self) -> Option<&'t str> {
        let own = text_field(self.node, "apiVersion");
        own.or_else(|| self.typed_list().and_then(|list| text_field(list, "apiVersion")))
    }

    /// A list of one kind; a plain `List` says nothing about its items.
    fn typed_list(self) -> Option<Node<'t>> {
        self.list.filter(|&list| text_field(list, "kind") != Some("List"))
    }
}

fn text_field<'t>(node: Node<'t>, key: &str) -> Option<&'t str> {
    node.get(key).and_then(Node::as_str).filter(|text| !text.is_empty())
}

/// The objects of a document in their order; lists in lists are flattened, as kubectl does.
pub(super) fn objects(document: &Document) -> Vec<Item<'_>> {
    let mut found = Vec::new();
    // The last one is next: items are pushed in reverse.
    let mut todo = vec![Item { node: document.root(), list: None }];
    while let Some(item) = todo.pop() {
        match list_items(item.node) {
            Some(items) => {
                let list = Some(item.node);
                let start = todo.len();
                todo.extend(items.items().map(|node| Item { node, list }));
                if let Some(added) = todo.get_mut(start..) {
                    added.reverse();
                }
            }
            None => found.push(item),
        }
    }
    found
}

/// A list's `items`. What makes a list is its kind's name; an `items` that is null or missing makes an empty
/// one.
fn list_items(node: Node<'_>) -> Option<Node<'_>> {
    let kind = text_field(node, "kind")?;
    let items = node.get("items");
    let is_list = kind == "List" || (kind.ends_with("List") && items.is_some());
    // An empty list's items: any node that has none.
    if is_list { Some(items.unwrap_or(node)) } else { None }
}
