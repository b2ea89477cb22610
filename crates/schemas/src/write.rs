//! An extract as text.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::{Around, Extract, Fact, Field, Kind, Releases, Shape, Type};

/// How many fields there have to be below a field for them to be said only once.
const WORTH_SHARING: usize = 3;

impl Extract {
    /// The text, below a comment of whole lines.
    #[must_use]
    pub fn write(&self, comment: &str) -> String {
        let mut out = String::new();
        for line in comment.lines() {
            let _ = writeln!(out, "# {line}");
        }
        let _ = writeln!(out, "releases {}", self.releases.join(" "));
        let mut writer = Writer { names: &self.releases, seen: BTreeMap::new(), out };
        for kind in &self.kinds {
            writer.kind(kind, self.all());
        }
        writer.out
    }
}

struct Writer<'e> {
    names: &'e [String],
    /// Where what is below a field was said already, by that text.
    seen: BTreeMap<String, String>,
    out: String,
}

impl Writer<'_> {
    fn suffix(&self, releases: Releases, around: Releases) -> String {
        if releases.and(around) == around {
            String::new()
        } else {
            format!("@{}", releases.write(self.names))
        }
    }

    fn kind(&mut self, kind: &Kind, all: Releases) {
        let prefix = if kind.group.is_empty() { String::new() } else { format!("{}/", kind.group) };
        let _ = write!(self.out, "\nkind {prefix}{}{}", kind.name, self.suffix(kind.releases, all));
        for (version, releases) in &kind.versions {
            let _ = write!(self.out, " {version}{}", self.suffix(*releases, kind.releases));
        }
        self.out.push('\n');
        self.fields(&kind.fields, kind.releases, 0, &mut format!("{prefix}{} ", kind.name));
    }

    fn fields(&mut self, fields: &[Field], around: Releases, depth: usize, path: &mut String) {
        for field in fields {
            let length = path.len();
            if !path.ends_with(' ') {
                path.push('.');
            }
            path.push_str(&field.name);
            let line = self.line(field, around);
            let _ = write!(self.out, "{:indent$}{line}", "", indent = depth * 2);
            let below = self.below(&field.fields, field.releases);
            match self.seen.get(&below) {
                Some(same) if below.lines().count() >= WORTH_SHARING => {
                    let _ = writeln!(self.out, " = {same}");
                }
                _ => {
                    self.out.push('\n');
                    self.fields(&field.fields, field.releases, depth + 1, path);
                    self.seen.entry(below).or_insert_with(|| path.clone());
                }
            }
            path.truncate(length);
        }
    }

    /// What is below a field in full, to compare with.
    fn below(&self, fields: &[Field], around: Releases) -> String {
        let mut out = String::new();
        for field in fields {
            let _ = writeln!(out, "{}", self.line(field, around));
            for line in self.below(&field.fields, field.releases).lines() {
                let _ = writeln!(out, "  {line}");
            }
        }
        out
    }

    fn line(&self, field: &Field, around: Releases) -> String {
        let suffix = self.suffix(field.releases, around);
        let mut line = format!("{} {}{suffix}", field.name, field.shape.write());
        let mut facts = field.facts.iter().peekable();
        while let Some(fact) = facts.next() {
            let _ = write!(line, " {}{}", "each.".repeat(fact.depth), fact.what.as_str());
            if !fact.value.is_empty() {
                let _ = write!(line, "={}", word(&fact.value));
            }
            let mut holds = self.suffix(fact.releases, field.releases);
            // Values that hold in the same releases are one fact.
            let goes_on = |next: &&Fact| {
                (next.what, next.depth, next.releases) == (fact.what, fact.depth, fact.releases)
                    && fact.what == crate::What::Value
            };
            while let Some(next) = facts.next_if(goes_on) {
                let _ = write!(line, "|{}", word(&next.value));
            }
            line.push_str(&std::mem::take(&mut holds));
        }
        line
    }
}

/// A value: as it is, or in quotes where it has a character that means something here.
fn word(value: &str) -> String {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '@' | '|' | '"' | '=' | '\\');
    if value.chars().all(plain) && !value.is_empty() {
        return value.to_owned();
    }
    serde_json::Value::from(value).to_string()
}

impl Shape {
    /// As it is written: `[]string`.
    #[must_use]
    pub fn write(&self) -> String {
        let around = self.around.iter().map(|around| match around {
            Around::List => "[]",
            Around::Map => "{}",
        });
        around.chain([self.of.as_str()]).collect()
    }

    /// Reads what [`write`](Self::write) writes.
    pub(crate) fn read(mut text: &str) -> Option<Self> {
        let mut around = Vec::new();
        loop {
            if let Some(rest) = text.strip_prefix("[]") {
                around.push(Around::List);
                text = rest;
            } else if let Some(rest) = text.strip_prefix("{}") {
                around.push(Around::Map);
                text = rest;
            } else {
                let of = Type::ALL.into_iter().find(|of| of.as_str() == text)?;
                return Some(Self { around, of });
            }
        }
    }
}
