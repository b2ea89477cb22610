//! What the webhook asks of the annotations of Istio's kinds.

use super::check::Checker;
use crate::snapshot::Meta;
use crate::snapshot::security::Action;
use crate::strings::go_bool;
use crate::well_known::DRY_RUN;

/// Checks annotations; `action` is that of an AuthorizationPolicy, the only kind that may run dry.
pub(super) fn check(c: &Checker<'_>, meta: &Meta, action: Option<Action>) {
    let metadata = c.field("metadata");
    let annotations = metadata.field("annotations");
    for &reserved in c.rules.reserved_annotations {
        if meta.annotations.contains_key(reserved) {
            annotations.key(reserved).invalid("this annotation is Istio's own");
        }
    }
    let Some(value) = meta.annotations.get(DRY_RUN) else { return };
    let c = annotations.key(DRY_RUN);
    match action {
        None => c.invalid("only an AuthorizationPolicy can run dry"),
        Some(Action::Allow | Action::Deny) if go_bool(value).is_some() => {}
        Some(Action::Allow | Action::Deny) => c.invalid(format!("`{value}` is neither true nor false")),
        Some(other) => c.invalid(format!("only ALLOW and DENY can run dry, not {}", other.as_str())),
    }
}
