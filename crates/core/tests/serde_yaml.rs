//! A second opinion on YAML: what `serde_yaml` reads of the snippets of `testdata/yaml-meaning` and of every
//! golden case.
//!
//! It reads YAML 1.2, and Kubernetes reads YAML 1.1: `serde_yaml.txt` lists the snippets that it reads
//! otherwise, each with the reason. Everything else has to be read the same.
//! `UPDATE_GOLDEN=1 cargo test --features serde_yaml --test serde_yaml` writes the list anew; a reason is
//! kept, and who adds a snippet writes one instead of `why?`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use waypoint_xds::limits::Limits;
use waypoint_xds::text::{SourceFile, Unread, documents};

fn testdata(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name)
}

const BETWEEN: &str = "====\n";

fn unescape(text: &str) -> String {
    [("␀", "\0"), ("␍", "\r"), ("␉", "\t"), ("␛", "\u{1b}"), ("⌫", "\u{feff}")]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// What each document means to us; nothing for one that cannot be read.
fn ours(text: &str) -> Vec<Option<Value>> {
    let file = SourceFile::new("snippet", text);
    let read = documents(&file, &Limits::DEFAULT);
    read.map(|document| document.ok()?.root().decode(&Unread::new()).ok()).collect()
}

/// What it means to `serde_yaml`, up to the first document that it cannot read: behind that it goes on for
/// ever.
fn theirs(text: &str) -> Vec<Option<Value>> {
    use serde::Deserialize as _;
    let mut found = Vec::new();
    for document in serde_yaml::Deserializer::from_str(text) {
        let value = serde_yaml::Value::deserialize(document).and_then(|mut value| {
            value.apply_merge()?;
            Ok(value)
        });
        found.push(value.ok().and_then(|value| serde_json::to_value(value).ok()));
        if found.last().is_some_and(Option::is_none) {
            break;
        }
    }
    found
}

fn meaning(documents: Vec<Option<Value>>) -> Option<Value> {
    documents.into_iter().next().unwrap_or(Some(Value::Null))
}

/// Numbers are the same when they are equal.
fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => ours == theirs,
    }
}

fn equal(ours: &Option<Value>, theirs: &Option<Value>) -> bool {
    match (ours, theirs) {
        (Some(ours), Some(theirs)) => same(ours, theirs),
        (ours, theirs) => ours.is_none() && theirs.is_none(),
    }
}

#[test]
fn yaml_that_is_read_otherwise_is_listed() {
    let list = testdata("yaml-meaning/serde_yaml.txt");
    let listed = fs::read_to_string(&list).unwrap_or_default();
    let listed: BTreeMap<&str, &str> = listed
        .split(BETWEEN)
        .filter_map(|entry| entry.split_once('\n'))
        .map(|(reason, snippet)| (snippet, reason))
        .collect();
    let snippets = fs::read_to_string(testdata("yaml-meaning/snippets.txt")).unwrap();
    let differ: Vec<&str> = snippets
        .split(BETWEEN)
        .filter(|snippet| {
            let text = unescape(snippet);
            !equal(&meaning(ours(&text)), &meaning(theirs(&text)))
        })
        .collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let entry =
            |snippet: &&str| format!("{}\n{snippet}{BETWEEN}", listed.get(snippet).unwrap_or(&"why?"));
        fs::write(&list, differ.iter().map(entry).collect::<String>()).unwrap();
        return;
    }
    let new: Vec<&&str> = differ.iter().filter(|snippet| !listed.contains_key(**snippet)).collect();
    let gone: Vec<&&str> = listed.keys().filter(|snippet| !differ.contains(snippet)).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "read otherwise, and not listed: {new:#?}\nno longer: {gone:#?}"
    );
    assert!(listed.values().all(|reason| *reason != "why?"), "every difference has a reason");
}

#[test]
fn objects_are_read_the_same() {
    let mut read = 0;
    for entry in fs::read_dir(testdata("cases")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let without_empty = |documents: Vec<Option<Value>>| -> Vec<Option<Value>> {
            documents.into_iter().filter(|document| *document != Some(Value::Null)).collect()
        };
        let (ours, theirs) = (without_empty(ours(&text)), without_empty(theirs(&text)));
        assert_eq!(ours.len(), theirs.len(), "{}", path.display());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert!(equal(ours, theirs), "{}:\nours:   {ours:?}\ntheirs: {theirs:?}", path.display());
            read += 1;
        }
    }
    assert!(read > 500, "only {read} documents were compared");
}
