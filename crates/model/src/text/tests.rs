use std::collections::BTreeMap;

use serde::Deserialize;

use super::*;
use crate::Str;
use crate::limits::Limits;
use crate::problem::{Code, Place, Problem};

fn read(text: &str) -> Vec<Result<Document, Problem>> {
    documents(&SourceFile::new("f.yaml", text), &Limits::DEFAULT).collect()
}

fn one(text: &str) -> Document {
    let mut all = read(text);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0).unwrap()
}

fn codes(text: &str) -> Vec<Option<Code>> {
    read(text).into_iter().map(|result| result.err().map(|problem| problem.code)).collect()
}

/// What the text between a span's ends is.
fn underlined(document: &Document, span: Span) -> &str {
    document.file().text().get(span.start as usize..span.end as usize).unwrap()
}

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Route {
    name: Str,
    ports: Vec<u16>,
    weight: Option<i32>,
    labels: BTreeMap<Str, Str>,
    mode: Mode,
    ratio: f64,
    on: bool,
}

#[derive(Debug, Default, PartialEq, Deserialize)]
enum Mode {
    #[default]
    Plain,
    #[serde(rename = "MUTUAL")]
    Mutual,
}

fn decode(text: &str) -> Result<Route, DecodeError> {
    one(text).root().decode(&Unread::new())
}

fn failure(text: &str) -> (String, String, String) {
    let document = one(text);
    let error = document.root().decode::<Route>(&Unread::new()).unwrap_err();
    (error.path().to_owned(), error.reason().to_string(), underlined(&document, error.span()).to_owned())
}

#[test]
fn a_struct_is_read_from_yaml_and_from_json() {
    let expected = Route {
        name: "a".into(),
        ports: vec![80, 443],
        weight: None,
        labels: BTreeMap::from([("true".into(), "x".into()), ("k".into(), "".into())]),
        mode: Mode::Mutual,
        ratio: 2.0,
        on: true,
    };
    let yaml = "name: a\nports: [80.0, 0x1bb]\nweight: ~\nlabels: {on: x, k: }\nmode: MUTUAL\nratio: 2\n\"on\": yes\n";
    assert_eq!(decode(yaml), Ok(expected));
    let json = r#"{"name": "\u0061", "ports": [80, 443], "weight": null, "labels": {"true": "x", "k": null}, "mode": "MUTUAL", "ratio": 2, "on": true}"#;
    assert_eq!(decode(json), decode(yaml));
}

#[test]
fn errors_name_path_reason_and_place() {
    assert_eq!(
        failure("name: 80"),
        ("name".into(), "expected a string, found the number `80`".into(), "80".into())
    );
    assert_eq!(
        failure("name: on"),
        (
            "name".into(),
            "expected a string, found the boolean `on` (which YAML reads as true)".into(),
            "on".into()
        )
    );
    assert_eq!(failure("ports: [1, 'x']").0, "ports[1]");
    assert_eq!(
        failure("ports:\n- 65536"),
        (
            "ports[0]".into(),
            "`65536` is out of range: expected an integer from 0 to 65535".into(),
            "65536".into()
        )
    );
    assert_eq!(failure("labels: {a.b/c: 1}").0, r#"labels["a.b/c"]"#);
    assert_eq!(failure("{\"mode\": \"X\"}").1, "`X` is not supported, only `Plain`, `MUTUAL`");
    assert_eq!(failure("ports: 1").1, "expected a list, found the number `1`");
    assert_eq!(failure("- a").1, "expected a mapping, found a list");
}

#[test]
fn unread_fields_are_counted_by_path() {
    let unread = Unread::new();
    let document = one("name: a\nextra: {x: 1}\nother: [1]\nnothing: null\n");
    document.root().decode::<Route>(&unread).unwrap();
    assert_eq!(unread.total(), 2);
    let paths: Vec<String> = unread.into_paths().into_keys().collect();
    assert_eq!(paths, ["extra", "other"]);
}

#[test]
fn a_path_leads_back_to_the_node() {
    let document = one("spec:\n  http:\n  - match:\n    - uri: {exact: /a}\n  labels: {'a.b/\"c': d}\n");
    let node = document.root().find("spec.http[0].match[0].uri.exact").unwrap();
    assert_eq!(node.text(), "/a");
    assert_eq!(node.path(), "spec.http[0].match[0].uri.exact");
    let label = document
        .root()
        .get("spec")
        .and_then(|spec| spec.get("labels"))
        .and_then(|l| l.entries().next())
        .unwrap()
        .1;
    assert_eq!(label.path(), r#"spec.labels["a.b/\"c"]"#);
    assert_eq!(document.root().find(&label.path()).map(Node::span), Some(label.span()));
    assert_eq!(document.root().find("spec.http[1]").map(Node::span), None);
}

#[test]
fn spans_are_bytes_behind_other_characters() {
    let document = one("ä: 'öü'\nb:\n  c: d\n");
    assert_eq!(underlined(&document, document.root().locate("b.c").unwrap()), "d");
    let span = document.root().get("ä").unwrap().span();
    assert_eq!(underlined(&document, span), "'öü'");
}

#[test]
fn a_bad_document_does_not_touch_its_neighbours() {
    assert_eq!(codes("a: 1\n---\nb: [\n---\nc: 3\n"), [None, Some(Code::YamlSyntax), None]);
    assert_eq!(codes("{\"a\": 1}\n{\"a\": ]\n---\nb: 1\n"), [None, Some(Code::JsonSyntax), None]);
    assert_eq!(codes("a: \u{0}\n---\nb: 1\n"), [Some(Code::InvalidText), None]);
}

#[test]
fn aliases_cannot_grow_without_limit() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    assert_eq!(codes(&bomb), [Some(Code::TooManyNodes)]);
    assert_eq!(codes("a: &a [*a]"), [Some(Code::BadAlias)]);
    assert_eq!(codes("a: *b"), [Some(Code::BadAlias)]);
    assert_eq!(codes("a: &a 1\n---\nb: *a\n"), [None, Some(Code::BadAlias)]);
}

#[test]
fn depth_is_limited_in_linear_time() {
    for text in [
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        "- ".repeat(100_000),
        "{a: ".repeat(100_000),
        "? ".repeat(100_000),
    ] {
        assert_eq!(codes(&text), [Some(Code::TooDeep)], "{:.8}", text);
    }
}

#[test]
fn duplicate_keys_are_told_with_both_places() {
    let document = one("a: 1\nb: {c: 1, c: 2}\na: 3\n");
    assert_eq!(document.root().get("a").map(Node::text), Some("3"));
    let at = |place: &Place| (place.line, place.column);
    let told: Vec<_> = document
        .duplicate_keys()
        .map(|p| {
            let related: Vec<_> = p.related.iter().filter_map(|other| other.place.as_ref().map(at)).collect();
            (p.field, p.place.as_ref().map(at), related)
        })
        .collect();
    assert_eq!(told, [("b.c".into(), Some((2, 11)), vec![(2, 5)]), ("a".into(), Some((3, 1)), vec![(1, 1)])]);
}
