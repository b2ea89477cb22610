//! How far ServiceEntries are visible, as the mesh configuration says (since 1.31).

use super::Indexing;
use crate::mesh::{Namespaces, label_selector};
use crate::snapshot::mesh_config::{MeshConfig, Visibility, VisibilityMatch};

/// How far ServiceEntries of a namespace are visible.
pub(super) fn of(cx: &Indexing<'_>, namespace: &str) -> Visibility {
    of_namespace(cx.config, cx.namespaces, namespace)
}

/// How far ServiceEntries of a namespace are visible: never [`Visibility::Unspecified`].
pub(crate) fn of_namespace(config: &MeshConfig, namespaces: &Namespaces, namespace: &str) -> Visibility {
    let Some(setting) = &config.service_entry_visibility else { return Visibility::Public };
    let labels = namespaces.labels(namespace);
    let matches = |rule: &VisibilityMatch| match rule {
        VisibilityMatch::NamespaceSelector(selector) => label_selector::matches(selector, labels),
        VisibilityMatch::Unset => false,
    };
    let policy = setting.policies.iter().find(|policy| policy.matching_rules.iter().any(matches));
    match policy.map_or(setting.default_visibility, |policy| policy.visibility) {
        Visibility::Unspecified => Visibility::Public,
        visibility => visibility,
    }
}
