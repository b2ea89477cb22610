//! Changing lists of filters and routes.

use crate::snapshot::networking::envoy_filter::PatchOperation;

/// Adds to a list, or replaces in it, as an operation says. `anchor` tells the items that the patch names;
/// without one, *before* is the beginning, *after* is the end, and nothing is replaced.
pub(super) fn place<T: Clone>(
    list: &mut Vec<T>,
    operation: PatchOperation,
    value: &T,
    anchor: Option<&dyn Fn(&T) -> bool>,
) -> bool {
    let found = anchor.map(|is_anchor| list.iter().position(is_anchor));
    match (operation, found) {
        (PatchOperation::Add, _) | (PatchOperation::InsertAfter, None) => list.push(value.clone()),
        (PatchOperation::InsertFirst, _) | (PatchOperation::InsertBefore, None) => {
            list.insert(0, value.clone());
        }
        (PatchOperation::InsertBefore, Some(Some(at))) => list.insert(at, value.clone()),
        (PatchOperation::InsertAfter, Some(Some(at))) => list.insert(at + 1, value.clone()),
        (PatchOperation::Replace, Some(Some(at))) => match list.get_mut(at) {
            Some(item) => *item = value.clone(),
            None => return false,
        },
        _ => return false,
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(operation: PatchOperation, anchor: Option<char>) -> String {
        let mut list: Vec<char> = "abca".chars().collect();
        let is_anchor = anchor.map(|a| move |c: &char| *c == a);
        let changed =
            place(&mut list, operation, &'x', is_anchor.as_ref().map(|f| f as &dyn Fn(&char) -> bool));
        assert_eq!(changed, list.iter().collect::<String>() != "abca");
        list.into_iter().collect()
    }

    #[test]
    fn at_the_first_anchor() {
        assert_eq!(placed(PatchOperation::InsertBefore, Some('a')), "xabca");
        assert_eq!(placed(PatchOperation::InsertAfter, Some('a')), "axbca");
        assert_eq!(placed(PatchOperation::InsertAfter, Some('c')), "abcxa");
        assert_eq!(placed(PatchOperation::Replace, Some('a')), "xbca");
    }

    #[test]
    fn at_the_ends_without_an_anchor() {
        assert_eq!(placed(PatchOperation::Add, None), "abcax");
        assert_eq!(placed(PatchOperation::InsertFirst, None), "xabca");
        assert_eq!(placed(PatchOperation::InsertBefore, None), "xabca");
        assert_eq!(placed(PatchOperation::InsertAfter, None), "abcax");
        assert_eq!(placed(PatchOperation::Replace, None), "abca");
    }

    #[test]
    fn nowhere_if_the_anchor_is_missing() {
        for operation in [PatchOperation::InsertBefore, PatchOperation::InsertAfter, PatchOperation::Replace]
        {
            assert_eq!(placed(operation, Some('z')), "abca");
        }
    }

    #[test]
    fn first_and_last_whatever_the_anchor() {
        assert_eq!(placed(PatchOperation::InsertFirst, Some('z')), "xabca");
        assert_eq!(placed(PatchOperation::Add, Some('b')), "abcax");
    }
}
