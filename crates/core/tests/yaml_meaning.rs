//! Compares our reading of YAML with that of sigs.k8s.io/yaml, as `testdata/oracle` wrote it down.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use waypoint_xds::limits::Limits;
use waypoint_xds::text::{SourceFile, Unread, documents};

fn table(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../testdata/yaml-meaning");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// As the oracle does: bytes that would not survive an editor are written as escapes of their own.
fn unescape(text: &str) -> String {
    [("␀", "\0"), ("␍", "\r"), ("␉", "\t"), ("␛", "\u{1b}"), ("⌫", "\u{feff}")]
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The first document's meaning; nothing when it cannot be read.
fn meaning(text: &str) -> Option<Value> {
    let file = SourceFile::new("snippet", text);
    match documents(&file, &Limits::DEFAULT).next() {
        None => Some(Value::Null),
        Some(Err(_)) => None,
        Some(Ok(document)) => document.root().decode(&Unread::new()).ok(),
    }
}

/// Go writes 80.0 as 80: numbers are the same when they are equal.
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

#[test]
fn yaml_means_what_kubernetes_takes_it_for() {
    let (snippets, expected) = (table("snippets.txt"), table("expected.txt"));
    let snippets: Vec<&str> = snippets.split("====\n").collect();
    let expected: Vec<&str> = expected.lines().collect();
    assert_eq!(snippets.len(), expected.len(), "run the oracle again");
    let deliberate = table("differences.txt");
    let deliberate: Vec<&str> =
        deliberate.split("====\n").filter_map(|entry| entry.split_once('\n')).map(|e| e.1).collect();
    let mut differences = Vec::new();
    for (snippet, expected) in snippets.iter().zip(&expected) {
        let theirs: Option<Value> = (*expected != "error").then(|| serde_json::from_str(expected).unwrap());
        let ours = meaning(&unescape(snippet));
        let equal = match (&ours, &theirs) {
            (Some(ours), Some(theirs)) => same(ours, theirs),
            (ours, theirs) => ours.is_none() && theirs.is_none(),
        };
        if equal == deliberate.contains(snippet) {
            let ours = ours.map_or("error".to_owned(), |value| value.to_string());
            differences.push(format!("{snippet:?}\n  theirs: {expected}\n  ours:   {ours}"));
        }
    }
    assert!(
        differences.is_empty(),
        "{} differ (or no longer do):\n{}",
        differences.len(),
        differences.join("\n")
    );
}
