//! Kubernetes' label selectors:
//! <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors>.

use crate::snapshot::Labels;
use crate::snapshot::selector::{LabelSelector, LabelSelectorRequirement};

/// Whether labels satisfy a selector. An empty one is satisfied by any labels.
pub fn matches(selector: &LabelSelector, labels: &Labels) -> bool {
    selector.match_labels.iter().all(|(key, value)| labels.get(key) == Some(value))
        && selector.match_expressions.iter().all(|expression| holds(expression, labels))
}

/// Whether Kubernetes would take a selector: its operators are known, and have values or none.
pub fn is_valid(selector: &LabelSelector) -> bool {
    selector.match_expressions.iter().all(|expression| match expression.operator.as_str() {
        "In" | "NotIn" => !expression.values.is_empty(),
        "Exists" | "DoesNotExist" => expression.values.is_empty(),
        _ => false,
    })
}

fn holds(expression: &LabelSelectorRequirement, labels: &Labels) -> bool {
    let value = labels.get(&expression.key);
    let listed = value.is_some_and(|value| expression.values.contains(value));
    match expression.operator.as_str() {
        "In" => listed,
        "NotIn" => !listed,
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_expression_has_to_hold() {
        let labels = Labels::from([("team".into(), "a".into())]);
        let matches_one = |key: &str, operator: &str, values: &[&str]| {
            let values = values.iter().copied().map(Into::into).collect();
            let expression = LabelSelectorRequirement { key: key.into(), operator: operator.into(), values };
            matches(
                &LabelSelector { match_expressions: vec![expression], ..LabelSelector::default() },
                &labels,
            )
        };
        assert!(matches(&LabelSelector::default(), &labels));
        assert!(matches_one("team", "In", &["a", "b"]));
        assert!(!matches_one("team", "NotIn", &["a"]));
        assert!(matches_one("other", "NotIn", &["a"]));
        assert!(matches_one("other", "DoesNotExist", &[]));
        assert!(!matches_one("other", "Exists", &[]));
    }
}
