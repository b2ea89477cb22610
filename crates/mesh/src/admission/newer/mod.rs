//! Fields that came after the oldest release: the API server of an older cluster drops them, because the
//! schemas that it has do not know them.
//!
//! `table.rs` has them, a type's fields with the releases that know them, and the fields below which there
//! are more. It is made from the schemas (`cargo xtask schemas`).

mod mesh;
mod table;

use std::collections::BTreeMap;

use super::check::Checker;
use crate::problem::Code;
use crate::schema::{Column, Releases};

/// A message with fields that some release does not know.
pub(super) trait Newer {
    /// Whether there is anything that the release does not know.
    fn has_newer(&self, release: Column) -> bool;

    /// Drops what the release does not know, and says so.
    fn drop_newer(&mut self, c: &Checker<'_>);
}

impl<T: Newer> Newer for Option<T> {
    fn has_newer(&self, release: Column) -> bool {
        self.as_ref().is_some_and(|message| message.has_newer(release))
    }

    fn drop_newer(&mut self, c: &Checker<'_>) {
        if let Some(message) = self {
            message.drop_newer(c);
        }
    }
}

impl<T: Newer> Newer for Box<T> {
    fn has_newer(&self, release: Column) -> bool {
        self.as_ref().has_newer(release)
    }

    fn drop_newer(&mut self, c: &Checker<'_>) {
        self.as_mut().drop_newer(c);
    }
}

impl<T: Newer> Newer for Vec<T> {
    fn has_newer(&self, release: Column) -> bool {
        self.iter().any(|message| message.has_newer(release))
    }

    fn drop_newer(&mut self, c: &Checker<'_>) {
        for (index, message) in self.iter_mut().enumerate() {
            message.drop_newer(&c.index(index));
        }
    }
}

impl<T: Newer> Newer for BTreeMap<crate::Str, T> {
    fn has_newer(&self, release: Column) -> bool {
        self.values().any(|message| message.has_newer(release))
    }

    fn drop_newer(&mut self, c: &Checker<'_>) {
        for (key, message) in self {
            message.drop_newer(&c.key(key));
        }
    }
}

/// Whether a field is set that the release does not know.
fn is_newer<T: Default + PartialEq>(field: &T, known: Releases, release: Column) -> bool {
    !known.contain(release) && *field != T::default()
}

/// Sets a field to its zero value, if the release does not know it and it is set.
fn forget<T: Default + PartialEq>(field: &mut T, known: Releases, c: &Checker<'_>) {
    if is_newer(field, known, c.column) {
        *field = T::default();
        c.warn(
            Code::UnsupportedField,
            format!(
                "Istio {} does not know this field, which is in {known}: its API server drops it",
                c.release.release
            ),
            "remove it, or choose a release that knows it",
        );
    }
}

/// Declares what some release does not know: fields that only some have (`in "1.29+":`), and fields below
/// which there are such (`below:`). Of a `one of` it is variants.
macro_rules! newer {
    () => {};
    (one of $ty:ty { $(in $known:literal: $variant:ident $name:literal;)* } $($rest:tt)*) => {
        impl Newer for $ty {
            fn has_newer(&self, release: Column) -> bool {
                false $(|| matches!(self, Self::$variant(_)) && {
                    const KNOWN: Releases = Releases::parse($known);
                    is_newer(self, KNOWN, release)
                })*
            }

            fn drop_newer(&mut self, c: &Checker<'_>) {
                $(if matches!(self, Self::$variant(_)) {
                    const KNOWN: Releases = Releases::parse($known);
                    forget(self, KNOWN, &c.field($name));
                })*
            }
        }

        newer! { $($rest)* }
    };
    ($ty:ty {
        $(in $known:literal: $field:ident $name:literal;)*
        $(below: $parent:ident $pname:literal;)*
    } $($rest:tt)*) => {
        impl Newer for $ty {
            #[allow(unused_variables, reason = "of a type whose fields are all old, nothing is used")]
            fn has_newer(&self, release: Column) -> bool {
                false
                    $(|| {
                        const KNOWN: Releases = Releases::parse($known);
                        is_newer(&self.$field, KNOWN, release)
                    })*
                    $(|| self.$parent.has_newer(release))*
            }

            #[allow(unused_variables, reason = "of a type whose fields are all old, nothing is used")]
            fn drop_newer(&mut self, c: &Checker<'_>) {
                $({
                    const KNOWN: Releases = Releases::parse($known);
                    forget(&mut self.$field, KNOWN, &c.field($name));
                })*
                $(self.$parent.drop_newer(&c.field($pname));)*
            }
        }

        newer! { $($rest)* }
    };
}

use newer;
