//! Sessions: Services ask by a label that their clients stay with an endpoint. Flags name the labels.
//!
//! Source: <https://istio.io/latest/docs/reference/commands/pilot-discovery/#envvars>,
//! `PILOT_PERSISTENT_SESSION_LABEL` and `PILOT_PERSISTENT_SESSION_HEADER_LABEL`.

use crate::Str;
use crate::features::Features;
use crate::rules::Rules;
use crate::snapshot::Labels;

/// By what the clients of a Service stay with an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersistentSession<'m> {
    /// A cookie: its name and, after a colon, its path.
    Cookie(&'m str),
    /// The header of this name.
    Header(&'m str),
}

impl<'m> PersistentSession<'m> {
    /// What a Service with these labels asks for: a cookie before a header.
    pub(crate) fn of(labels: &'m Labels, features: &Features) -> Option<Self> {
        let label = |name: &Str| {
            let value = labels.get(name).map(Str::as_str);
            value.filter(|value| !value.is_empty())
        };
        let header = || label(&features.pilot_persistent_session_header_label).map(Self::Header);
        label(&features.pilot_persistent_session_label).map(Self::Cookie).or_else(header)
    }

    /// Whether the release lets such a session go on while its endpoint shuts down.
    pub(crate) fn outlasts(self, rules: &Rules) -> bool {
        matches!(self, Self::Cookie(_)) || rules.clusters.persistent_session_header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels<const COUNT: usize>(labels: [(&str, &str); COUNT]) -> Labels {
        labels.into_iter().collect()
    }

    #[test]
    fn a_cookie_comes_before_a_header() {
        let both =
            labels([("istio.io/persistent-session", "c:/p"), ("istio.io/persistent-session-header", "h")]);
        let features = Features::default();
        assert_eq!(PersistentSession::of(&both, &features), Some(PersistentSession::Cookie("c:/p")));
        let header =
            labels([("istio.io/persistent-session", ""), ("istio.io/persistent-session-header", "h")]);
        assert_eq!(PersistentSession::of(&header, &features), Some(PersistentSession::Header("h")));
        assert_eq!(PersistentSession::of(&labels([]), &features), None);
    }

    #[test]
    fn flags_name_the_labels() {
        let mut features = Features::default();
        features.set("PILOT_PERSISTENT_SESSION_LABEL", "sticky").unwrap();
        features.set("PILOT_PERSISTENT_SESSION_HEADER_LABEL", "").unwrap();
        let both =
            labels([("istio.io/persistent-session", "c"), ("istio.io/persistent-session-header", "h")]);
        assert_eq!(PersistentSession::of(&both, &features), None, "none has these names");
        assert_eq!(
            PersistentSession::of(&labels([("sticky", "c")]), &features),
            Some(PersistentSession::Cookie("c"))
        );
    }
}
