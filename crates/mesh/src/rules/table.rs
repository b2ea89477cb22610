//! How a table of rules is declared.

/// Declares the rules of one area: plain data, of which a test can change one rule at a time.
macro_rules! table {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $($(#[$doc:meta])* pub $rule:ident: $kind:ty,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[$doc])* pub $rule: $kind,)*
        }

        impl $name {
            /// The names of the rules.
            pub(super) const NAMES: &'static [&'static str] = &[$(stringify!($rule)),*];

            /// These rules with one of another release's, for each in which the two differ.
            pub(super) fn with_one_of(self, other: Self) -> Vec<(&'static str, Self)> {
                let mut all = Vec::new();
                $(if self.$rule != other.$rule {
                    all.push((stringify!($rule), Self { $rule: other.$rule, ..self }));
                })*
                all
            }
        }
    };
}

/// Declares what a release is: the rules of every area.
macro_rules! release_rules {
    (
        $(#[$about:meta])*
        pub struct $name:ident {
            $(#[$doc_release:meta])* pub release: Release,
            $($(#[$doc:meta])* pub $area:ident: $rules:ty,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct $name {
            $(#[$doc_release])* pub release: Release,
            // The areas are for the steps of this project; users hold the whole.
            $($(#[$doc])* #[doc(hidden)] pub $area: $rules,)*
        }

        impl $name {
            /// The names of all rules: `area.rule`.
            #[must_use]
            pub fn names() -> Vec<String> {
                let mut all = Vec::new();
                $(all.extend(<$rules>::NAMES.iter().map(|rule| format!("{}.{rule}", stringify!($area))));)*
                all
            }

            /// These rules with one of another release's, for each in which the two differ.
            #[must_use]
            pub fn with_one_of(self, other: &Self) -> Vec<(String, Self)> {
                let mut all = Vec::new();
                $(all.extend(self.$area.with_one_of(other.$area).into_iter().map(|(rule, changed)| {
                    (format!("{}.{rule}", stringify!($area)), Self { $area: changed, ..self })
                }));)*
                all
            }
        }
    };
}

pub(super) use {release_rules, table};
