//! Text to an extract.

use std::collections::BTreeMap;

use crate::{Extract, Fact, Field, Kind, Releases, Shape, What};

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct ReadError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

/// A line without its comment: how deep it stands, and its words.
struct Line<'t> {
    number: usize,
    depth: usize,
    text: &'t str,
}

impl Extract {
    /// Reads a text.
    ///
    /// # Errors
    /// The first line that is not as [`Extract::write`] writes it.
    pub fn read(text: &str) -> Result<Self, ReadError> {
        let lines: Vec<Line<'_>> = text.lines().enumerate().filter_map(line).collect();
        let mut reader = Reader::default();
        let mut rest = lines.as_slice();
        while let Some((line, behind)) = rest.split_first() {
            let mut words = line.text.split_whitespace();
            match words.next() {
                Some("releases") => {
                    reader.extract.releases = words.map(str::to_owned).collect();
                    rest = behind;
                }
                Some("kind") => {
                    let mut kind = reader.head(line, words)?;
                    let end =
                        behind.iter().position(|line| line.depth == 0 && line.text.starts_with("kind "));
                    let (mut body, behind) = behind.split_at(end.unwrap_or(behind.len()));
                    let prefix = if kind.group.is_empty() { "" } else { "/" };
                    let path = format!("{}{prefix}{} ", kind.group, kind.name);
                    kind.fields = reader.fields(&mut body, 0, kind.releases, &path)?;
                    reader.extract.kinds.push(kind);
                    rest = behind;
                }
                _ => return Err(line.wrong("expected `releases` or `kind`")),
            }
        }
        Ok(reader.extract)
    }
}

/// What was read so far.
#[derive(Default)]
struct Reader<'l> {
    extract: Extract,
    /// The lines below each field, by kind and path.
    below: BTreeMap<String, (&'l [Line<'l>], usize)>,
}

impl<'l> Reader<'l> {
    fn head<'t>(&self, line: &Line<'_>, mut words: impl Iterator<Item = &'t str>) -> Result<Kind, ReadError> {
        let (name, releases) = self.suffix(line, words.next().unwrap_or_default(), self.extract.all())?;
        let (group, name) = name.split_once('/').unwrap_or(("", name));
        let versions = words.map(|word| {
            let (version, releases) = self.suffix(line, word, releases)?;
            Ok((version.to_owned(), releases))
        });
        let versions = versions.collect::<Result<_, ReadError>>()?;
        Ok(Kind { group: group.into(), name: name.into(), versions, releases, fields: Vec::new() })
    }

    /// The fields of one depth, and all that is below them.
    fn fields(
        &mut self,
        lines: &mut &'l [Line<'l>],
        depth: usize,
        around: Releases,
        path: &str,
    ) -> Result<Vec<Field>, ReadError> {
        let mut fields: Vec<Field> = Vec::new();
        while let Some((line, rest)) = lines.split_first().filter(|(line, _)| line.depth >= depth) {
            *lines = rest;
            if line.depth > depth {
                return Err(line.wrong("the line stands too far in"));
            }
            let (mut field, same) = self.field(line, around)?;
            let dot = if path.ends_with(' ') { "" } else { "." };
            let path = format!("{path}{dot}{}", field.name);
            let (mut below, depth) = match same {
                Some(same) => {
                    let found = self.below.get(same).copied();
                    found.ok_or_else(|| line.wrong("there is no such field before this one"))?
                }
                None => (*lines, depth + 1),
            };
            self.below.entry(path.clone()).or_insert((below, depth));
            field.fields = self.fields(&mut below, depth, field.releases, &path)?;
            if same.is_none() {
                *lines = below;
            }
            fields.push(field);
        }
        Ok(fields)
    }

    fn field<'t>(&self, line: &Line<'t>, around: Releases) -> Result<(Field, Option<&'t str>), ReadError> {
        let (text, same) = match line.text.split_once(" = ") {
            Some((text, same)) => (text, Some(same)),
            None => (line.text, None),
        };
        let mut words = words(text).into_iter();
        let name = words.next().unwrap_or_default().to_owned();
        let (shape, releases) = self.suffix(line, words.next().unwrap_or_default(), around)?;
        let shape = Shape::read(shape).ok_or_else(|| line.wrong("this is no type"))?;
        let mut facts = Vec::new();
        for word in words {
            self.facts(line, word, releases, &mut facts)?;
        }
        Ok((Field { name, shape, releases, facts, fields: Vec::new() }, same))
    }

    /// One word of facts: `each.value=A|B@1.31+`.
    fn facts(
        &self,
        line: &Line<'_>,
        word: &str,
        around: Releases,
        facts: &mut Vec<Fact>,
    ) -> Result<(), ReadError> {
        let (name, values) = match word.split_once('=') {
            Some((name, values)) => (name, Some(values)),
            None => (word, None),
        };
        let (name, of_name) = self.suffix(line, name, around)?;
        let depth = name.matches("each.").count();
        let name = name.trim_start_matches("each.");
        let what = What::ALL.iter().copied().find(|what| what.as_str() == name);
        let what = what.ok_or_else(|| line.wrong("this is no fact"))?;
        let Some(mut rest) = values else {
            facts.push(Fact { depth, what, value: String::new(), releases: of_name });
            return Ok(());
        };
        let first = facts.len();
        loop {
            let (value, after) = value(rest).ok_or_else(|| line.wrong("this is no value"))?;
            facts.push(Fact { depth, what, value, releases: around });
            match after.strip_prefix('|') {
                Some(next) => rest = next,
                None => {
                    rest = after;
                    break;
                }
            }
        }
        let (_, releases) = self.suffix(line, rest, around)?;
        facts.iter_mut().skip(first).for_each(|fact| fact.releases = releases);
        Ok(())
    }

    /// A word, and the releases behind its `@`.
    fn suffix<'t>(
        &self,
        line: &Line<'_>,
        word: &'t str,
        around: Releases,
    ) -> Result<(&'t str, Releases), ReadError> {
        let Some((word, releases)) = word.split_once('@') else { return Ok((word, around)) };
        let releases = Releases::read(releases, &self.extract.releases);
        let releases = releases.ok_or_else(|| line.wrong("these are no releases"))?;
        Ok((word, releases.and(around)))
    }
}

impl Line<'_> {
    fn wrong(&self, what: &str) -> ReadError {
        ReadError { line: self.number, what: what.into() }
    }
}

fn line((index, line): (usize, &str)) -> Option<Line<'_>> {
    let text = line.trim_start();
    if text.is_empty() || text.starts_with('#') {
        return None;
    }
    Some(Line { number: index + 1, depth: (line.len() - text.len()) / 2, text: text.trim_end() })
}

/// The words of a line; spaces in quotes end none.
fn words(text: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let is_space = |c: char| {
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        c == ' ' && !quoted
    };
    text.split(is_space).filter(|word| !word.is_empty()).collect()
}

/// The value at the start of a text, and what comes behind it.
fn value(text: &str) -> Option<(String, &str)> {
    if !text.starts_with('"') {
        let end = text.find(['@', '|']).unwrap_or(text.len());
        return text.split_at_checked(end).map(|(value, rest)| (value.to_owned(), rest));
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<String>();
    let value = values.next()?.ok()?;
    Some((value, text.get(values.byte_offset()..)?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;

    const TEXT: &str = "\
releases 1.18 1.29 1.30 1.31

kind example.com/Thing@1.29+ v1 v1beta1@1.29
spec object
  limit integer min=1 max=5@1.30+
  names []string each.pattern=\"^[a @|\\\"]+$\" each.value=A|\"\"@1.31+
  one object one-of=a,b
    a string@1.31+
    b string
    c {}[]string required
    kind string
  two []object@1.30+ = example.com/Thing spec.one
";

    #[test]
    fn what_is_written_can_be_read() {
        let extract = Extract::read(TEXT).unwrap();
        assert_eq!(extract.write(""), TEXT);
        let kind = extract.kind("example.com", "Thing").unwrap();
        let two = kind.find("spec.two").unwrap();
        assert_eq!(two.fields.len(), 4);
        assert_eq!(kind.find("spec.two.b").unwrap().releases, Releases(0b1100));
        assert_eq!(kind.find("spec.names").unwrap().fact(What::Pattern, 1, 3), Some("^[a @|\"]+$"));
        assert_eq!(kind.find("spec.names").unwrap().values(3).collect::<Vec<_>>(), ["A", ""]);
    }

    #[test]
    fn a_wrong_line_is_named() {
        let error = Extract::read("releases 1.18\nkind Pod v1\nspec objekt\n").unwrap_err();
        assert_eq!(error.to_string(), "line 3: this is no type");
    }
}
