use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::limits::Limits;
use crate::text::{Document, SourceFile, Unread, documents};

fn one(text: &str) -> Document {
    let mut all: Vec<_> = documents(&SourceFile::new("f.yaml", text), &Limits::DEFAULT).collect();
    assert_eq!(all.len(), 1, "{text}");
    all.remove(0).unwrap_or_else(|problem| panic!("{}\n{text}", problem.message))
}

fn applied(text: &str, edit: &TextEdit) -> String {
    let mut text = text.to_owned();
    text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
    text
}

fn after(text: &str, edit: impl Fn(Node<'_>) -> Option<TextEdit>) -> Option<String> {
    edit(one(text).root()).map(|edit| applied(text, &edit))
}

fn set_in(text: &str, path: &str, value: &str) -> String {
    after(text, |node| set(node, path, value)).unwrap_or_else(|| "none".to_owned())
}

fn renamed(text: &str, path: &str, key: &str) -> String {
    after(text, |node| rename(node, path, key)).unwrap_or_else(|| "none".to_owned())
}

fn removed(text: &str, path: &str) -> String {
    after(text, |node| remove(node, path)).unwrap_or_else(|| "none".to_owned())
}

#[test]
fn values_keep_their_quotes() {
    for (text, expected) in [
        ("a: get # x\n", "a: GET # x\n"),
        ("a: 'get'", "a: 'GET'"),
        ("a: \"get\"\n", "a: \"GET\"\n"),
        ("{\"a\": \"get\"}", "{\"a\": \"GET\"}"),
        ("{\"a\": 80}", "{\"a\": \"GET\"}"),
        ("a:\n  get\nb: 1\n", "a:\n  GET\nb: 1\n"),
        ("a:\nb: 1\n", "a: GET\nb: 1\n"),
        ("a: ~\n", "a: GET\n"),
        ("{a: , b: 1}", "{a: GET , b: 1}"),
    ] {
        assert_eq!(set_in(text, "a", "GET"), expected, "{text}");
    }
    assert_eq!(set_in("a: [x, y]\n", "a[1]", "GET"), "a: [x, GET]\n");
    assert_eq!(set_in("a:\n- x\n- y\n", "a[1]", "GET"), "a:\n- x\n- GET\n");
    assert_eq!(set_in("- - x\n", "[0][0]", "GET"), "- - GET\n");
}

#[test]
fn values_of_any_kind_are_written() {
    let list = json!([{"service": "cart.shop", "probability": 0.9}]);
    let written = |text: &str, path: &str, value: &Value| {
        after(text, |node| write(node, path, value)).unwrap_or_else(|| "none".to_owned())
    };
    for (text, expected) in [
        ("a: 1 # x\n", "a: [{service: cart.shop, probability: 0.9}] # x\n"),
        ("a:\n- 1\n- 2\nb: 1\n", "a: [{service: cart.shop, probability: 0.9}]\nb: 1\n"),
        ("a:\n  b: 1\n  c:\n  - 2\n", "a: [{service: cart.shop, probability: 0.9}]\n"),
        ("{a: x, b: 1}", "{a: [{service: cart.shop, probability: 0.9}], b: 1}"),
        ("{\"a\": {}}", "{\"a\": [{\"service\": \"cart.shop\", \"probability\": 0.9}]}"),
        ("b: 1\n", "b: 1\na: [{service: cart.shop, probability: 0.9}]\n"),
        ("a: |\n  text\n", "none"),
    ] {
        assert_eq!(written(text, "a", &list), expected, "{text}");
    }
    assert_eq!(written("a: x\n", "a", &json!(403)), "a: 403\n");
    assert_eq!(written("a: 200 # ok\n", "a", &json!(403)), "a: 403 # ok\n");
    assert_eq!(written("a: 200\n", "a", &json!("none")), "a: none\n");
    assert_eq!(written("- b: 1\n", "[0].a.c", &json!(403)), "- b: 1\n  a:\n    c: 403\n");
}

#[test]
fn values_are_quoted_where_they_would_be_read_as_something_else() {
    for (value, expected) in [
        ("yes", "a: \"yes\"\n"),
        ("80", "a: \"80\"\n"),
        ("*", "a: \"*\"\n"),
        ("/x/{*}", "a: \"/x/{*}\"\n"),
        ("/x", "a: /x\n"),
        ("", "a: \"\"\n"),
        ("a: b", "a: \"a: b\"\n"),
        ("istio.io/rev", "a: istio.io/rev\n"),
    ] {
        assert_eq!(set_in("a: x\n", "a", value), expected);
    }
    assert_eq!(set_in("a: 'x'\n", "a", "it's"), "a: 'it''s'\n");
    assert_eq!(set_in("a: 80\n", "a", "15008"), "a: 15008\n");
    assert_eq!(set_in("a: true\n", "a", "false"), "a: false\n");
    assert_eq!(set_in("a: 80\n", "a", "true"), "a: \"true\"\n");
}

#[test]
fn fields_are_added_behind_the_last_one() {
    for (text, path, expected) in [
        ("a: 1\n", "b", "a: 1\nb: v\n"),
        ("a: 1", "b", "a: 1\nb: v"),
        ("a: 1\r\nc: 2\r\n", "b", "a: 1\r\nc: 2\r\nb: v\r\n"),
        ("a:\n  x: 1 # one\n\nc: 2\n", "a.b", "a:\n  x: 1 # one\n  b: v\n\nc: 2\n"),
        ("- x: 1\n  y:\n  - 2\n- 3\n", "[0].b", "- x: 1\n  y:\n  - 2\n  b: v\n- 3\n"),
        ("a:\n  x: |\n    t\n\n", "a.b", "a:\n  b: v\n  x: |\n    t\n\n"),
        ("- x: |\n    t\n", "[0].b", "- b: v\n  x: |\n    t\n"),
        ("a: 1\n", "b.c", "a: 1\nb:\n  c: v\n"),
        ("a:\n  x:\n  -\n", "a.b", "a:\n  b: v\n  x:\n  -\n"),
        ("a:\n  x:\nc: 1\n", "a.b", "a:\n  x:\n  b: v\nc: 1\n"),
        ("a: {}\n", "a.b", "a: {b: v}\n"),
        ("a: {x: 1}\n", "a.b", "a: {x: 1, b: v}\n"),
        ("a: {x: 1}\n", "a.b.c", "a: {x: 1, b: {c: v}}\n"),
        ("a: {x: 1,}\n", "a.b", "a: {x: 1, b: v,}\n"),
        ("{\"a\": {}}", "a.b", "{\"a\": {\"b\": \"v\"}}"),
        ("{\n  \"a\": 1\n}\n", "b", "{\n  \"a\": 1,\n  \"b\": \"v\"\n}\n"),
        ("{\n  \"a\": 1\n}\n", "b[\"x/y\"]", "{\n  \"a\": 1,\n  \"b\": {\"x/y\": \"v\"}\n}\n"),
        ("a: 1\n", "[\"x.io/y\"]", "a: 1\nx.io/y: v\n"),
    ] {
        assert_eq!(set_in(text, path, "v"), expected, "{text}");
    }
}

#[test]
fn keys_keep_their_quotes() {
    assert_eq!(renamed("form: [1]\n", "form", "from"), "from: [1]\n");
    assert_eq!(renamed("{\"form\": [1]}\n", "form", "from"), "{\"from\": [1]}\n");
    assert_eq!(renamed("- 'form': 1\n", "[0].form", "from"), "- 'from': 1\n");
    assert_eq!(renamed("form: 1\nfrom: 2\n", "form", "from"), "none");
    assert_eq!(renamed("? form\n: 1\n", "form", "from"), "none");
    assert_eq!(renamed("[1]\n", "[0]", "from"), "none");
}

#[test]
fn what_goes_goes_with_its_lines() {
    for (text, path, expected) in [
        ("a: 1\nb: 2 # two\nc: 3\n", "b", "a: 1\nc: 3\n"),
        ("a: 1\nb:\n- x\n- y: 1\n  z: 2\nc: 3\n", "b", "a: 1\nc: 3\n"),
        ("a: 1\nb: |\n  text\n\n# c\nc: 3\n", "b", "a: 1\n\n# c\nc: 3\n"),
        ("a: 1\nb:\n", "b", "a: 1\n"),
        ("a: 1\nb: 2", "b", "a: 1\n"),
        ("- a: 1\n  b: 2\n", "[0].a", "- b: 2\n"),
        ("- a: 1\n  # two\n  b: 2\n", "[0].a", "none"),
        ("x:\n  a: 1\ny: 2\n", "x.a", "x: {}\ny: 2\n"),
        ("- a: 1\n- 2\n", "[0].a", "- {}\n- 2\n"),
        ("x:\n- a\n- b\n", "x[0]", "x:\n- b\n"),
        ("x:\n- a # only\n", "x[0]", "x: [] # only\n"),
        ("x: # all\n- a\n", "x[0]", "none"),
        ("- - a\n  - b\n", "[0][0]", "none"),
        ("x: {a: 1, b: 2}\n", "x.a", "x: {b: 2}\n"),
        ("x: {a: 1, b: 2}\n", "x.b", "x: {a: 1}\n"),
        ("x: {a: 1}\n", "x.a", "x: {}\n"),
        ("x: [a, b, c]\n", "x[1]", "x: [a, c]\n"),
        ("x: [a,\n  # two\n  b]\n", "x[0]", "none"),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}\n", "a", "{\n  \"b\": 2\n}\n"),
        ("{\n  \"a\": 1,\n  \"b\": 2\n}\n", "b", "{\n  \"a\": 1\n}\n"),
    ] {
        assert_eq!(removed(text, path), expected, "{text}");
    }
}

#[test]
fn nothing_is_changed_that_is_not_certain() {
    for (text, path) in [
        ("a: &x {b: 1}\nc: *x\n", "a.b"),
        ("a: &x {b: 1}\nc: {<<: *x}\n", "c.b"),
        ("a: {<<: {b: 1}}\n", "a.b"),
        ("a: 1\na: 2\n", "a"),
        ("a: |\n  text\n", "a"),
        ("a: !!str 80\n", "a"),
        ("a: &x get\n", "a"),
        ("a: # why\n  get\n", "a"),
        ("a: [b: 1]\n", "a[0].b"),
        ("a: [x, y]\n", "a"),
        ("a: {b: 1}\n", "a"),
        ("a: x\n", "a.b"),
        ("a:\n", "a.b"),
        ("a: [x]\n", "a[1]"),
        ("{a}\n", "a"),
    ] {
        assert_eq!(set_in(text, path, "GET"), "none", "{text}");
    }
}

/// Values as Kubernetes' objects have them.
fn values() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        "[a-z]{1,3}",
        Just("80".to_owned()),
        Just("it's: # {x}".to_owned()),
        Just(String::new()),
        Just("a\nb\n".to_owned())
    ];
    let scalar = prop_oneof![
        word.prop_map(Value::from),
        any::<u16>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from)
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-e]|x/y", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn objects() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-e]", values(), 1..5)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

/// Writes a value in a style that `choices` draw.
struct Writer {
    choices: Vec<u8>,
    at: usize,
    json: bool,
}

impl Writer {
    fn choose(&mut self, of: u8) -> u8 {
        let choice = self.choices[self.at % self.choices.len()];
        self.at += 1;
        choice % of
    }

    fn document(&mut self, value: &Map<String, Value>) -> String {
        if self.json {
            let value = Value::Object(value.clone());
            return if self.choose(2) == 0 { value.to_string() } else { format!("{value:#}\n") };
        }
        if self.choose(4) == 0 {
            return self.flow(&Value::Object(value.clone()));
        }
        self.block(&Value::Object(value.clone()), 0)
    }

    /// Lines, the first without indentation.
    fn block(&mut self, value: &Value, indent: usize) -> String {
        let comment = |writer: &mut Self| if writer.choose(6) == 0 { " # why" } else { "" };
        match value {
            Value::Object(map) if !map.is_empty() => {
                let mut out = String::new();
                for (position, (key, value)) in map.iter().enumerate() {
                    if position > 0 {
                        if self.choose(8) == 0 {
                            out += "\n";
                        }
                        out += &" ".repeat(indent);
                    }
                    let key = self.scalar(&Value::from(key.as_str()));
                    let is_block = self.is_block(value);
                    out += &format!("{key}:");
                    if is_block {
                        let deeper =
                            if value.is_array() && self.choose(2) == 0 { indent } else { indent + 2 };
                        out += &format!("{}\n{}", comment(self), " ".repeat(deeper));
                        out += &self.block(value, deeper);
                    } else if let Some(text) = value.as_str().filter(|text| text.ends_with('\n')) {
                        let lines: Vec<String> =
                            text.lines().map(|line| format!("{}{line}", " ".repeat(indent + 2))).collect();
                        out += &format!(" |\n{}\n", lines.join("\n"));
                    } else {
                        out += &format!(" {}{}\n", self.flow(value), comment(self));
                    }
                }
                out
            }
            Value::Array(items) if !items.is_empty() => {
                let mut out = String::new();
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        out += &" ".repeat(indent);
                    }
                    out += "- ";
                    if self.is_block(item) {
                        out += &self.block(item, indent + 2);
                    } else {
                        out += &format!("{}{}\n", self.flow(item), comment(self));
                    }
                }
                out
            }
            other => self.flow(other),
        }
    }

    fn is_block(&mut self, value: &Value) -> bool {
        let is_empty = match value {
            Value::Object(map) => map.is_empty(),
            Value::Array(items) => items.is_empty(),
            _ => true,
        };
        !is_empty && self.choose(3) > 0
    }

    fn flow(&mut self, value: &Value) -> String {
        let comma = if self.choose(3) == 0 { ",\n          " } else { ", " };
        match value {
            Value::Object(map) => {
                let entries: Vec<String> = map
                    .iter()
                    .map(|(key, value)| {
                        format!("{}: {}", self.scalar(&Value::from(key.as_str())), self.flow(value))
                    })
                    .collect();
                format!("{{{}}}", entries.join(comma))
            }
            Value::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items.join(comma))
            }
            scalar => self.scalar(scalar),
        }
    }

    fn scalar(&mut self, value: &Value) -> String {
        let Some(text) = value.as_str() else { return value.to_string() };
        write::string(text, [Quotes::None, Quotes::Single, Quotes::Double][usize::from(self.choose(3))])
    }
}

/// Every path below a value.
fn paths(value: &Value, path: &str, all: &mut Vec<String>) {
    let mut visit = |path: String, value: &Value| {
        all.push(path.clone());
        paths(value, &path, all);
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            let mut path = path.to_owned();
            crate::text::path::push_key(&mut path, key);
            visit(path, value);
        }),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| visit(format!("{path}[{at}]"), item));
        }
        _ => {}
    }
}

/// The value at a path, to be changed.
fn at<'v>(value: &'v mut Value, path: &str) -> &'v mut Value {
    site::steps(path).unwrap().into_iter().fold(value, |value, step| match step {
        path::Step::Key(key) => &mut value[key],
        path::Step::Quoted(key) => &mut value[key.trim_matches('"')],
        path::Step::Index(at) => &mut value[at],
    })
}

use crate::text::path;

/// A path without its last step, and that step as a key or position.
fn last_step(path: &str) -> (String, Value) {
    let steps = site::steps(path).unwrap();
    let last = match steps.last().unwrap() {
        path::Step::Key(key) => json!(key),
        path::Step::Quoted(key) => json!(key.trim_matches('"')),
        path::Step::Index(at) => json!(at),
    };
    let length = match steps.last().unwrap() {
        path::Step::Key(key) => key.len(),
        path::Step::Quoted(key) => key.len() + 2,
        path::Step::Index(at) => at.to_string().len() + 2,
    };
    (path.get(..path.len() - length).unwrap().trim_end_matches('.').to_owned(), last)
}

fn read(text: &str) -> Value {
    one(text).root().decode(&Unread::new()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Whatever the style: if there is an edit, the text means the same afterwards but for what was to
    /// change.
    #[test]
    fn only_what_is_asked_for_changes(
        value in objects(),
        choices in prop::collection::vec(any::<u8>(), 40),
        json in any::<bool>(),
        which in any::<prop::sample::Index>(),
        new in prop_oneof![Just("GET"), Just("80"), Just("a b: c"), Just("x\ny")],
    ) {
        let text = Writer { choices, at: 0, json }.document(value.as_object().unwrap());
        prop_assert_eq!(&read(&text), &value, "{}", text);
        let mut all = Vec::new();
        paths(&value, "", &mut all);
        let path = &all[which.index(all.len())];
        let (above, last) = last_step(path);
        let of_parent = |value: &mut Value, change: &dyn Fn(&mut Value)| {
            change(if above.is_empty() { value } else { at(value, &above) });
        };

        if let Some(text) = after(&text, |node| remove(node, path)) {
            let mut expected = value.clone();
            of_parent(&mut expected, &|parent| match parent {
                Value::Object(map) => { map.shift_remove(last.as_str().unwrap()); }
                Value::Array(items) => { items.remove(usize::try_from(last.as_u64().unwrap()).unwrap()); }
                _ => {}
            });
            prop_assert_eq!(read(&text), expected, "removed {} in\n{}", path, text);
        }
        if let Some(text) = after(&text, |node| rename(node, path, "new/key")) {
            let mut expected = value.clone();
            of_parent(&mut expected, &|parent| {
                let map = parent.as_object_mut().unwrap();
                let old = map.shift_remove(last.as_str().unwrap()).unwrap();
                map.insert("new/key".into(), old);
            });
            prop_assert_eq!(read(&text), expected, "renamed {} in\n{}", path, text);
        }
        if let Some(text) = after(&text, |node| set(node, path, new)) {
            let mut expected = value.clone();
            let is_number = at(&mut expected, path).is_number() && new == "80";
            *at(&mut expected, path) = if is_number { json!(80) } else { json!(new) };
            prop_assert_eq!(read(&text), expected, "set {} in\n{}", path, text);
        }
        let added = format!("{path}.new[\"key/x\"]");
        if let Some(text) = after(&text, |node| set(node, &added, new)) {
            let mut expected = value.clone();
            at(&mut expected, path).as_object_mut().unwrap().insert("new".into(), json!({"key/x": new}));
            prop_assert_eq!(read(&text), expected, "added {} in\n{}", added, text);
        }
    }

    /// In plain styles, without comments between, there always is an edit.
    #[test]
    fn plain_texts_can_be_changed(value in objects(), which in any::<prop::sample::Index>()) {
        let mut all = Vec::new();
        paths(&value, "", &mut all);
        let path = &all[which.index(all.len())];
        for text in [value.to_string(), format!("{value:#}")] {
            prop_assert!(after(&text, |node| remove(node, path)).is_some(), "{} in {}", path, text);
        }
    }
}
