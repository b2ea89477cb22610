//! An object, and a field of it, as an expectation names them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use super::text_or::text_or_fields;
use crate::kind::Kind;
use crate::nearest::{did_you_mean, nearest};
use crate::snapshot::Cause;

/// An object, or a field of one: `AuthorizationPolicy shop/readers spec.rules[0]`, or a mapping of `kind`,
/// `namespace`, `name` and `field`. What it does not say may be anything. `none` is no object at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// No object.
    pub none: bool,
    /// The kind, as objects name it.
    pub kind: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The field, or one that it is in.
    pub field: Option<String>,
}

impl Named {
    /// Whether this object and field are meant.
    #[must_use]
    pub fn fits(&self, found: Option<&Cause>) -> bool {
        let Some(Cause { object, field }) = found else { return self.none };
        let is =
            |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        !self.none
            && self
                .kind
                .as_deref()
                .is_none_or(|kind| [object.kind.name(), object.kind.display_name()].contains(&kind))
            && is(&self.namespace, &object.namespace)
            && is(&self.name, &object.name)
            && self.field.as_deref().is_none_or(|wanted| is_in(wanted, &field.to_string()))
    }

    fn checked(self) -> Result<Self, NotNamed> {
        let Some(kind) = &self.kind else { return Ok(self) };
        let names = || Kind::ALL.iter().flat_map(|kind| [kind.name(), kind.display_name()]);
        if names().any(|name| name == kind) {
            return Ok(self);
        }
        Err(match nearest(kind, names()) {
            Some(near) => NotNamed::KindNear(kind.clone(), near),
            None => NotNamed::Kind(kind.clone()),
        })
    }
}

/// Whether a field is another one, or in it.
fn is_in(outer: &str, field: &str) -> bool {
    field.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// A text that is no [`Named`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotNamed {
    /// No object is written so.
    #[error("expected KIND NAMESPACE/NAME and perhaps a field, or `none`, found `{0}`")]
    Text(String),
    /// There is no such kind.
    #[error("there is no kind `{0}`")]
    Kind(String),
    /// There is no such kind, but one whose name is near.
    #[error("there is no kind `{}`: {}", .0, did_you_mean([.1]))]
    KindNear(String, &'static str),
}

impl FromStr for Named {
    type Err = NotNamed;

    fn from_str(text: &str) -> Result<Self, NotNamed> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (kind, object, field) = match words.as_slice() {
            ["none"] => return Ok(Self { none: true, ..Self::default() }),
            [object] if object.contains('/') => (None, *object, None),
            [kind, object] => (Some(*kind), *object, None),
            [kind, object, field] => (Some(*kind), *object, Some(*field)),
            _ => return Err(NotNamed::Text(text.to_owned())),
        };
        let (namespace, name) = match object.split_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name),
            None => (None, object),
        };
        Self {
            none: false,
            kind: kind.map(str::to_owned),
            namespace,
            name: Some(name.to_owned()),
            field: field.map(str::to_owned),
        }
        .checked()
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.none {
            return f.write_str("none");
        }
        let name = match (&self.namespace, &self.name) {
            (Some(namespace), Some(name)) => Some(format!("{namespace}/{name}")),
            (Some(namespace), None) => Some(format!("{namespace}/*")),
            (None, name) => name.clone(),
        };
        let parts = [self.kind.clone(), name, self.field.clone()];
        f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
    }
}

impl<'de> Deserialize<'de> for Named {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        text_or_fields::<_, _, Fields>(deserializer, "an object: KIND NAMESPACE/NAME, or a mapping")
    }
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Fields {
    kind: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    field: Option<String>,
}

impl TryFrom<Fields> for Named {
    type Error = NotNamed;

    fn try_from(Fields { kind, namespace, name, field }: Fields) -> Result<Self, NotNamed> {
        Self { none: false, kind, namespace, name, field }.checked()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::ObjectRef;
    use crate::snapshot::FieldPath;

    #[test]
    fn objects_are_named_as_they_are_printed() {
        let cause = Cause::new(
            ObjectRef::new(Kind::AuthorizationPolicy, "shop", "readers"),
            FieldPath::at("spec.rules[]", [10]),
        );
        let fits = |text: &str| text.parse::<Named>().unwrap().fits(Some(&cause));
        for text in [
            "shop/readers",
            "AuthorizationPolicy readers",
            "AuthorizationPolicy shop/readers",
            "AuthorizationPolicy shop/readers spec.rules",
            "AuthorizationPolicy shop/readers spec.rules[10]",
        ] {
            assert!(fits(text), "{text}");
        }
        for text in
            ["none", "web/readers", "Service shop/readers", "AuthorizationPolicy shop/readers spec.rules[1]"]
        {
            assert!(!fits(text), "{text}");
        }
        assert!("none".parse::<Named>().unwrap().fits(None));
        assert!(!"shop/readers".parse::<Named>().unwrap().fits(None));
    }

    #[test]
    fn kinds_have_to_be_known() {
        let error = "AuthorisationPolicy shop/a".parse::<Named>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no kind `AuthorisationPolicy`: did you mean `AuthorizationPolicy`?"
        );
        for text in ["", "readers", "a b c d", "Thing a/b"] {
            assert!(text.parse::<Named>().is_err(), "{text}");
        }
    }
}
