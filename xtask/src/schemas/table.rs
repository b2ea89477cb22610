//! The extracts as the core has them: arrays that are looked up.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemas::{Around, Extract, Fact, Field, Kind, Releases, Type, What};

use crate::Result;

/// What is limited by a number, as the core calls it.
const LIMITS: [(What, &str); 8] = [
    (What::Min, "Min"),
    (What::Max, "Max"),
    (What::MinLength, "MinLength"),
    (What::MaxLength, "MaxLength"),
    (What::MinItems, "MinItems"),
    (What::MaxItems, "MaxItems"),
    (What::MinProperties, "MinEntries"),
    (What::MaxProperties, "MaxEntries"),
];

#[derive(Default)]
struct Table {
    releases: usize,
    names: String,
    name_at: BTreeMap<String, usize>,
    /// The fields, as the core's table has them.
    rows: Vec<String>,
    /// Where lists of fields are that are the same in all respects.
    lists: BTreeMap<String, usize>,
    limits: Vec<String>,
    values: Vec<String>,
}

/// The table, as Rust.
pub(super) fn write(extracts: &[Extract]) -> Result<String> {
    let releases = extracts.first().map(|extract| extract.releases.clone()).unwrap_or_default();
    if extracts.iter().any(|extract| extract.releases != releases) {
        return Err("the extracts are not of the same releases".into());
    }
    let mut table = Table { releases: releases.len(), ..Table::default() };
    let mut kinds = String::new();
    let mut all: Vec<&Kind> = extracts.iter().flat_map(|extract| &extract.kinds).collect();
    all.sort_by_key(|kind| (&kind.group, &kind.name));
    for kind in &all {
        let (first, count) = table.list(&kind.fields, kind.releases)?;
        let _ = writeln!(
            kinds,
            "    ({:?}, {:?}, {}, {first}, {count}),",
            kind.group, kind.name, kind.releases.0
        );
    }
    let mut out = String::from(
        "//! Written by `cargo xtask schemas` from the extracts in `schemas`: do not edit.\n\n\
         use super::{Row, What};\n\n",
    );
    let _ = writeln!(
        out,
        "/// The releases, oldest first.\npub(super) const RELEASES: [&str; {}] = {releases:?};\n",
        releases.len()
    );
    let _ = writeln!(
        out,
        "/// Group and name of each kind, the releases that have it, and where its fields are.\n\
         pub(super) static KINDS: [(&str, &str, u8, u16, u8); {}] = [\n{kinds}];\n",
        all.len()
    );
    let _ = writeln!(
        out,
        "/// All names, one after the other.\n#[rustfmt::skip]\npub(super) static NAMES: &str = \"\\\n{}\";\n",
        wrapped(&table.names, 110)
    );
    let _ = writeln!(
        out,
        "/// Every field: where its name is and how long, its type, the releases that have it among those that\n\
         /// have what it is in, and where the fields below it are.\n\
         #[rustfmt::skip]\npub(super) static FIELDS: [Row; {}] = [\n{}];\n",
        table.rows.len(),
        lines(&table.rows)
    );
    let _ = writeln!(
        out,
        "/// Field, depth, what is limited, and to how much in each release.\n\
         #[rustfmt::skip]\npub(super) static LIMITS: [(u16, u8, What, [i64; {}]); {}] = [\n{}];\n",
        table.releases,
        table.limits.len(),
        lines(&table.limits)
    );
    let _ = writeln!(
        out,
        "/// Field, and the values that it may have, with the releases that know them.\n\
         #[rustfmt::skip]\npub(super) static VALUES: [(u16, &[(&str, u8)]); {}] = [\n{}];",
        table.values.len(),
        lines(&table.values)
    );
    Ok(out)
}

impl Table {
    /// Puts a list of fields into the table, and says where it is.
    fn list(&mut self, fields: &[Field], around: Releases) -> Result<(usize, usize)> {
        // Whatever is below has to be there first: the rows of a list stand together.
        let mut rows = Vec::new();
        for field in fields {
            let below = self.list(&field.fields, field.releases)?;
            rows.push((field, below));
        }
        let key: String = rows.iter().map(|(field, below)| self.key(field, around, *below)).collect();
        if let Some(&first) = self.lists.get(&key) {
            return Ok((first, fields.len()));
        }
        let first = self.rows.len();
        for (field, (below, count)) in rows {
            let at = self.rows.len();
            let name = self.name(&field.name);
            let releases = self.relative(field.releases, around);
            self.rows.push(format!(
                "({name}, {}, {}, {releases}, {below}, {count})",
                field.name.len(),
                shape(field)?
            ));
            self.limits_of(at, field);
            self.values_of(at, field);
        }
        self.lists.insert(key, first);
        Ok((first, fields.len()))
    }

    /// All that is said of a field.
    fn key(&self, field: &Field, around: Releases, below: (usize, usize)) -> String {
        let facts: Vec<_> = field
            .facts
            .iter()
            .map(|fact| Fact { releases: self.within(fact, field), ..fact.clone() })
            .collect();
        let releases = self.relative(field.releases, around);
        format!("{} {:?} {releases} {facts:?} {below:?}\n", field.name, field.shape)
    }

    /// Where what a thing is in is not, it does not matter whether the thing is.
    fn relative(&self, releases: Releases, around: Releases) -> u8 {
        releases.0 | (Releases::first(self.releases).0 & !around.0)
    }

    fn within(&self, fact: &Fact, field: &Field) -> Releases {
        Releases(self.relative(fact.releases, field.releases))
    }

    fn name(&mut self, name: &str) -> usize {
        if let Some(&at) = self.name_at.get(name) {
            return at;
        }
        let at = self.names.find(name).unwrap_or_else(|| {
            self.names.push_str(name);
            self.names.len() - name.len()
        });
        self.name_at.insert(name.to_owned(), at);
        at
    }

    fn limits_of(&mut self, at: usize, field: &Field) {
        for depth in 0..=field.shape.around.len() {
            for (what, name) in LIMITS {
                let limit = |release| {
                    let text = field.fact(what, depth, release)?;
                    text.parse::<f64>().ok().map(|limit| format!("{limit:.0}"))
                };
                let limits: Vec<_> = (0..self.releases).map(limit).collect();
                if limits.iter().any(Option::is_some) {
                    let limits: Vec<_> =
                        limits.into_iter().map(|limit| limit.unwrap_or_else(|| "i64::MIN".into())).collect();
                    self.limits.push(format!("({at}, {depth}, What::{name}, [{}])", limits.join(", ")));
                }
            }
        }
    }

    fn values_of(&mut self, at: usize, field: &Field) {
        let values: Vec<_> = field.facts.iter().filter(|fact| fact.what == What::Value).collect();
        if !values.is_empty() {
            let values: Vec<_> =
                values.iter().map(|value| format!("({:?}, {})", value.value, value.releases.0)).collect();
            self.values.push(format!("({at}, &[{}])", values.join(", ")));
        }
    }
}

/// A type in a byte: what is innermost in the lowest three bits, then two bits for each list or map around
/// it, the outermost lowest.
fn shape(field: &Field) -> Result<u8> {
    let of = match field.shape.of {
        Type::String => 0,
        Type::Integer => 1,
        Type::Number => 2,
        Type::Boolean => 3,
        Type::IntOrString => 4,
        Type::Object => 5,
        Type::Any => 6,
    };
    let mut shape = of;
    for (index, around) in field.shape.around.iter().enumerate() {
        if index > 1 {
            return Err(format!("`{}` has too many lists in lists", field.name).into());
        }
        shape |= match around {
            Around::List => 1,
            Around::Map => 2,
        } << (3 + 2 * index);
    }
    Ok(shape)
}

/// Words, as many as fit a line.
fn lines(words: &[String]) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in words {
        if line.len() + word.len() > 110 {
            let _ = writeln!(out, "   {line}");
            line.clear();
        }
        let _ = write!(line, " {word},");
    }
    if !line.is_empty() {
        let _ = writeln!(out, "   {line}");
    }
    out
}

/// A text that goes on in the next line after a backslash.
fn wrapped(text: &str, width: usize) -> String {
    let chunks: Vec<String> =
        text.as_bytes().chunks(width).map(|chunk| String::from_utf8_lossy(chunk).into()).collect();
    chunks.join("\\\n")
}
