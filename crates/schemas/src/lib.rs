//! The schemas of the kinds that waypoint-xds reads, over all releases of Istio at once.
//!
//! A custom resource definition of one release says a field's type, limits and values. [`Extract`] says the
//! same of all releases, once: what is in some of them only has those [`Releases`]. It is kept as text
//! (`crates/model/schemas`) that a reviewer can read as a difference; `cargo xtask schemas` writes it, and
//! makes from it what the core is compiled with.
//!
//! ```text
//! releases 1.18 1.29 1.30 1.31
//!
//! kind security.istio.io/AuthorizationPolicy v1 v1beta1
//! spec object
//!   action string value=ALLOW|DENY|AUDIT|CUSTOM
//!   rules []object max-items=512@1.29+
//!     from []object max-items=512@1.29+
//!       source object
//!         serviceAccounts []string@1.29+ max-items=16 each.max-length=320
//! ```
//!
//! - A line is a field: its name, its type, and facts. `[]` is a list, `{}` a map, before what is in it.
//! - `any` takes everything; what is read of it may be listed below it all the same.
//! - A fact is `name=value`, or a name. `each.` before it says that it is about what is in the list or map.
//! - `@` says in which releases a field is, or a fact holds: `@1.29+` from 1.29 on, `@1.18-1.30`,
//!   `@1.18,1.30`. Nothing said: in all in which what is around it is.
//! - `= kind path` says that below this field is what is below that one.
#![forbid(unsafe_code)]

mod read;
mod releases;
mod write;

pub use read::ReadError;
pub use releases::Releases;

/// The schemas of some kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extract {
    /// The releases, oldest first.
    pub releases: Vec<String>,
    /// The kinds, sorted by group and name.
    pub kinds: Vec<Kind>,
}

/// The schema of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The API group; empty for the core group.
    pub group: String,
    /// The name.
    pub name: String,
    /// The versions that are served, and where.
    pub versions: Vec<(String, Releases)>,
    /// The releases that have the kind.
    pub releases: Releases,
    /// The fields of an object, but for those that every object has.
    pub fields: Vec<Field>,
}

/// A field, in the releases that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The name.
    pub name: String,
    /// The type.
    pub shape: Shape,
    /// The releases that have the field.
    pub releases: Releases,
    /// What else is said of its value.
    pub facts: Vec<Fact>,
    /// The fields below it, sorted by name.
    pub fields: Vec<Field>,
}

/// A type: lists and maps, and what is in the innermost.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape {
    /// The lists and maps, the outermost first.
    pub around: Vec<Around>,
    /// What is in them.
    pub of: Type,
}

/// What a value is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Around {
    /// A list.
    List,
    /// A map with any keys.
    Map,
}

/// A type that is neither list nor map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "as in JSON's schemas")]
pub enum Type {
    String,
    Integer,
    Number,
    Boolean,
    /// A number, or a name to look up.
    IntOrString,
    /// A mapping with the fields that are listed, and no other.
    Object,
    /// Whatever somebody writes.
    Any,
}

impl Type {
    const ALL: [Self; 7] = [
        Self::String,
        Self::Integer,
        Self::Number,
        Self::Boolean,
        Self::IntOrString,
        Self::Object,
        Self::Any,
    ];

    /// The type as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::IntOrString => "int-or-string",
            Self::Object => "object",
            Self::Any => "any",
        }
    }
}

/// Something that a schema says of a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// How many lists and maps further in it is about.
    pub depth: usize,
    /// What it says.
    pub what: What,
    /// What it says it with; empty where there is nothing more to say.
    pub value: String,
    /// The releases in which it holds.
    pub releases: Releases,
}

macro_rules! whats {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// What a [`Fact`] says.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum What { $($(#[$doc])* $variant,)* }

        impl What {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// As it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

whats! {
    /// The field has to be there.
    Required = "required",
    /// The value that the API server fills in, as JSON.
    Default = "default",
    /// A value that it may have.
    Value = "value",
    /// The smallest number.
    Min = "min",
    /// The largest number.
    Max = "max",
    /// The shortest text.
    MinLength = "min-length",
    /// The longest text.
    MaxLength = "max-length",
    /// The fewest elements.
    MinItems = "min-items",
    /// The most elements.
    MaxItems = "max-items",
    /// The fewest entries.
    MinProperties = "min-properties",
    /// The most entries.
    MaxProperties = "max-properties",
    /// How numbers and texts are written: `int32`, `date-time`.
    Format = "format",
    /// A regular expression that matches somewhere in the text.
    Pattern = "pattern",
    /// Fields of which at most one may be set, with `,` between them.
    OneOf = "one-of",
    /// No two elements are the same, or have the same in the fields that are named.
    Unique = "unique",
}

impl Extract {
    /// A kind's schema.
    #[must_use]
    pub fn kind(&self, group: &str, name: &str) -> Option<&Kind> {
        self.kinds.iter().find(|kind| kind.group == group && kind.name == name)
    }

    /// All of its releases.
    #[must_use]
    pub fn all(&self) -> Releases {
        Releases::first(self.releases.len())
    }
}

impl Kind {
    /// The field at a path: `spec.rules.matches`.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&Field> {
        let mut fields = &self.fields;
        let mut found = None;
        for name in path.split('.') {
            let field = fields.iter().find(|field| field.name == name)?;
            fields = &field.fields;
            found = Some(field);
        }
        found
    }
}

impl Field {
    /// What a schema says in a release: the first such fact's value.
    #[must_use]
    pub fn fact(&self, what: What, depth: usize, release: usize) -> Option<&str> {
        let holds =
            |fact: &&Fact| fact.what == what && fact.depth == depth && fact.releases.contains(release);
        self.facts.iter().find(holds).map(|fact| fact.value.as_str())
    }

    /// The values that the innermost may have in a release; none where any will do.
    pub fn values(&self, release: usize) -> impl Iterator<Item = &str> {
        let depth = self.shape.around.len();
        let holds = move |fact: &&Fact| {
            fact.what == What::Value && fact.depth == depth && fact.releases.contains(release)
        };
        self.facts.iter().filter(holds).map(|fact| fact.value.as_str())
    }
}
