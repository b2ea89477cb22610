//! What filters tell each other, and the matchers of that.

use std::collections::BTreeMap;

use envoy::r#type::matcher::v3::metadata_matcher::path_segment::Segment;
use envoy::r#type::matcher::v3::value_matcher::MatchPattern;
use envoy::r#type::matcher::v3::{MetadataMatcher, ValueMatcher, double_matcher, list_matcher};
use serde_json::{Map, Value as Json};
use smallvec::SmallVec;

use super::condition::{Fact, Truth};
use super::matchers::TextTest;
use super::rbac::Rule;

/// What filters have told each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Metadata<'a> {
    /// What tokens say, by filter.
    said: BTreeMap<&'static str, Map<String, Json>>,
    /// What came of policies that are only tried, the newest last.
    tried: SmallVec<[Tried<'a>; 4]>,
}

/// What came of policies that are only tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried<'a> {
    /// The filter that tried them.
    pub(super) filter: &'static str,
    pub(super) key: &'a str,
    pub(super) value: &'a str,
    /// The rule that the value names.
    pub(super) rule: Option<&'a Rule>,
}

/// A part of metadata.
#[derive(Clone, Copy, Debug)]
enum Part<'m> {
    Json(&'m Json),
    Object(&'m Map<String, Json>),
    Text(&'m str),
}

impl<'a> Metadata<'a> {
    /// Keeps what tokens say.
    pub(super) fn say(&mut self, filter: &'static str, said: Map<String, Json>) {
        self.said.insert(filter, said);
    }

    /// What tokens say.
    pub(super) fn said(&self, filter: &str) -> Option<&Map<String, Json>> {
        self.said.get(filter)
    }

    /// Keeps what came of policies.
    pub(super) fn tell(&mut self, tried: Tried<'a>) {
        self.tried.push(tried);
    }

    /// The rules that fit among those that are only tried.
    pub(super) fn rules(&self) -> impl Iterator<Item = &'a Rule> {
        self.tried.iter().filter_map(|tried| tried.rule)
    }

    /// What a filter has told under these keys.
    pub(super) fn told(&self, filter: &str, keys: &[String]) -> Option<Json> {
        Some(match self.part(filter, keys)? {
            Part::Json(json) => json.clone(),
            Part::Object(fields) => Json::Object(fields.clone()),
            Part::Text(text) => Json::from(text),
        })
    }

    fn part(&self, filter: &str, keys: &[String]) -> Option<Part<'_>> {
        if let [key] = keys
            && let Some(tried) =
                self.tried.iter().rev().find(|tried| tried.filter == filter && tried.key == key)
        {
            return Some(Part::Text(tried.value));
        }
        let said = self.said.get(filter)?;
        let Some((first, rest)) = keys.split_first() else { return Some(Part::Object(said)) };
        let found = rest.iter().try_fold(said.get(first)?, |at, key| at.as_object()?.get(key))?;
        Some(Part::Json(found))
    }
}

impl Part<'_> {
    fn shown(&self) -> String {
        match self {
            Self::Json(Json::String(text)) => text.clone(),
            Self::Json(json) => json.to_string(),
            Self::Object(fields) => Json::Object((*fields).clone()).to_string(),
            Self::Text(text) => (*text).to_owned(),
        }
    }
}

/// A test of what a filter has told.
#[derive(Clone, Debug)]
pub(super) struct MetadataTest {
    pub(super) filter: String,
    pub(super) keys: Vec<String>,
    /// None if there is no test that is known.
    pub(super) value: Option<ValueTest>,
    pub(super) inverted: bool,
}

/// What a value has to be.
#[derive(Clone, Debug)]
pub(super) enum ValueTest {
    Text(TextTest),
    Bool(bool),
    Present(bool),
    Null,
    /// A list with something like this; nothing fits without.
    List(Option<Box<ValueTest>>),
    AnyOf(Vec<ValueTest>),
    Number(f64),
    /// From the first to before the second.
    Range(f64, f64),
    /// No number.
    Nothing,
    Unknown,
}

impl From<&MetadataMatcher> for MetadataTest {
    fn from(matcher: &MetadataMatcher) -> Self {
        let keys = matcher.path.iter().filter_map(|part| part.segment.as_ref());
        Self {
            filter: matcher.filter.clone(),
            keys: keys.map(|Segment::Key(key)| key.clone()).collect(),
            value: matcher.value.as_ref().map(ValueTest::from),
            inverted: matcher.invert,
        }
    }
}

impl From<&ValueMatcher> for ValueTest {
    fn from(matcher: &ValueMatcher) -> Self {
        match &matcher.match_pattern {
            Some(MatchPattern::StringMatch(text)) => Self::Text(text.into()),
            Some(MatchPattern::BoolMatch(wanted)) => Self::Bool(*wanted),
            Some(MatchPattern::PresentMatch(wanted)) => Self::Present(*wanted),
            Some(MatchPattern::NullMatch(_)) => Self::Null,
            Some(MatchPattern::ListMatch(list)) => Self::List(
                list.match_pattern
                    .as_ref()
                    .map(|list_matcher::MatchPattern::OneOf(one)| Box::new(Self::from(&**one))),
            ),
            Some(MatchPattern::OrMatch(or)) => {
                Self::AnyOf(or.value_matchers.iter().map(Self::from).collect())
            }
            Some(MatchPattern::DoubleMatch(double)) => match &double.match_pattern {
                Some(double_matcher::MatchPattern::Exact(exact)) => Self::Number(*exact),
                Some(double_matcher::MatchPattern::Range(range)) => Self::Range(range.start, range.end),
                None => Self::Nothing,
            },
            None => Self::Unknown,
        }
    }
}

impl MetadataTest {
    pub(super) fn truth(&self, metadata: &Metadata<'_>) -> Truth {
        let Some(value) = &self.value else { return Truth::Unknown };
        let fits = value.truth(metadata.part(&self.filter, &self.keys));
        if self.inverted { fits.not() } else { fits }
    }

    pub(super) fn fact(&self, metadata: &Metadata<'_>) -> Fact {
        let Some(value) = &self.value else { return Fact::unknown(subject(&self.keys)) };
        let found = metadata.part(&self.filter, &self.keys);
        Fact { subject: subject(&self.keys), found: found.map(|found| found.shown()), wanted: value.wanted() }
    }
}

/// What policies call a part of a token, or of what else filters have told each other.
pub(super) fn subject(keys: &[String]) -> String {
    match keys {
        [first, claims @ ..] if first == "payload" || first == "request.auth.claims" => {
            format!("claim `{}`", claims.join("."))
        }
        other => format!("`{}`", other.join(".")),
    }
}

impl ValueTest {
    /// Whether a value fits; `None` is one that is not there.
    fn truth(&self, found: Option<Part<'_>>) -> Truth {
        match self {
            Self::Text(test) => match found {
                Some(Part::Json(Json::String(text))) => test.truth(text),
                Some(Part::Text(text)) => test.truth(text),
                _ => Truth::No,
            },
            Self::Bool(wanted) => {
                matches!(found, Some(Part::Json(Json::Bool(value))) if value == wanted).into()
            }
            Self::Present(wanted) => (found.is_some() == *wanted).into(),
            Self::Null => matches!(found, Some(Part::Json(Json::Null))).into(),
            Self::List(one) => match (one, found) {
                (Some(one), Some(Part::Json(Json::Array(elements)))) => {
                    Truth::any(elements.iter().map(|element| one.truth(Some(Part::Json(element)))))
                }
                _ => Truth::No,
            },
            Self::AnyOf(all) => Truth::any(all.iter().map(|test| test.truth(found))),
            Self::Number(exact) => number(found).is_some_and(|found| (found - exact).abs() == 0.0).into(),
            Self::Range(start, end) => {
                number(found).is_some_and(|found| (*start..*end).contains(&found)).into()
            }
            Self::Nothing => Truth::No,
            Self::Unknown => Truth::Unknown,
        }
    }

    fn wanted(&self) -> String {
        match self {
            Self::Text(test) => test.wanted(),
            Self::Bool(value) => format!("`{value}`"),
            Self::Present(_) => "there".to_owned(),
            Self::List(Some(one)) => one.wanted(),
            Self::List(None) => "a list".to_owned(),
            Self::AnyOf(all) => {
                let mut all: Vec<String> = all.iter().map(Self::wanted).collect();
                all.dedup();
                all.join(" or ")
            }
            _ => "another value".to_owned(),
        }
    }
}

fn number(found: Option<Part<'_>>) -> Option<f64> {
    match found {
        Some(Part::Json(json)) => json.as_f64(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use envoy::r#type::matcher::v3::string_matcher::MatchPattern as TextPattern;
    use envoy::r#type::matcher::v3::{ListMatcher, StringMatcher};
    use serde_json::json;

    use super::*;

    #[test]
    fn claims_are_texts_or_lists_with_them() {
        let exact =
            StringMatcher { match_pattern: Some(TextPattern::Exact("staff".into())), ignore_case: false };
        let one = ValueMatcher { match_pattern: Some(MatchPattern::StringMatch(exact)) };
        let list = ListMatcher { match_pattern: Some(list_matcher::MatchPattern::OneOf(Box::new(one))) };
        let list = ValueMatcher { match_pattern: Some(MatchPattern::ListMatch(Box::new(list))) };
        let test = ValueTest::from(&list);
        let truth = |json: &Json| test.truth(Some(Part::Json(json)));
        assert_eq!(truth(&json!(["guests", "staff"])), Truth::Yes);
        assert_eq!(truth(&json!("staff")), Truth::No);
        assert_eq!(test.truth(None), Truth::No);
    }

    #[test]
    fn the_newest_of_what_was_tried_counts() {
        let mut metadata = Metadata::default();
        for value in ["denied", "allowed"] {
            metadata.tell(Tried { filter: "rbac", key: "result", value, rule: None });
        }
        let found = metadata.part("rbac", &["result".to_owned()]);
        assert!(matches!(found, Some(Part::Text("allowed"))));
        assert!(metadata.part("other", &["result".to_owned()]).is_none());
    }
}
