//! Fixes: whatever is mended, the text can be read as before, the finding is gone, and everything else is as
//! it was.
#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use waypoint_xds::limits::Limits;
use waypoint_xds::lint::{RULES, Releases, fingerprint};
use waypoint_xds::options::{Options, Settings};
use waypoint_xds::problem::{Change, Edit, Fix, Problem};
use waypoint_xds::session::Session;
use waypoint_xds::snapshot::ObjectRef;
use waypoint_xds::text::{SourceFile, Unread, documents};

/// A snapshot in which something may be mended.
struct Case {
    name: String,
    text: String,
    options: Options,
}

impl Case {
    fn lint(&self, text: &str) -> Vec<Problem> {
        Session::read([SourceFile::new("case.yaml", text)], &self.options).lint()
    }
}

/// The cases of the rules, and the wrong snapshots of their pages.
fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/lint");
    let mut names: Vec<PathBuf> =
        fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    names.sort();
    let mut all = Vec::new();
    for path in names {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let Some(case) = name.strip_suffix(".yaml").filter(|case| !case.contains('.')) else { continue };
        let beside = |suffix: &str| fs::read_to_string(folder.join(format!("{case}.{suffix}"))).ok();
        let settings = Settings {
            release: beside("release").map(|release| release.trim().to_owned()),
            mesh_config: beside("mesh.yaml"),
            features: beside("features")
                .unwrap_or_default()
                .lines()
                .filter_map(|line| line.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ..Settings::default()
        };
        let text = beside("yaml").expect("the case");
        all.push(Case { name: name.clone(), text, options: settings.options().expect("settings") });
    }
    for rule in RULES {
        let release = match rule.releases {
            Releases::Until(release) => Some(release.to_string()),
            _ => None,
        };
        let settings = Settings { release, ..Settings::default() };
        let wrong = rule.page.split("\n## Right\n").next().unwrap_or_default();
        for (at, block) in wrong.split("```yaml\n").skip(1).enumerate() {
            let text = block.split("```").next().unwrap_or_default().to_owned();
            let options = settings.options().expect("settings");
            all.push(Case { name: format!("{} {at}", rule.code), text, options });
        }
    }
    all
}

/// How often each finding is found.
fn counted(found: &[Problem]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for problem in found {
        *counts.entry(fingerprint(problem)).or_default() += 1;
    }
    counts
}

fn errors(found: &[Problem]) -> usize {
    found.iter().filter(|problem| problem.is_error()).count()
}

fn applied(text: &str, fix: &Fix) -> String {
    let mut out = text.to_owned();
    for replacement in fix.replacements.iter().rev() {
        let stretch = replacement.place.start as usize..replacement.place.end as usize;
        out.replace_range(stretch, &replacement.text);
    }
    out
}

/// What the documents of a text say.
fn values(text: &str) -> Vec<Value> {
    documents(&SourceFile::new("case.yaml", text), &Limits::DEFAULT)
        .map(|document| document.expect("a document").root().decode(&Unread::new()).expect("a value"))
        .collect()
}

/// The object of this name in documents, or in lists of them.
fn object<'v>(values: &'v mut [Value], wanted: &ObjectRef) -> Option<&'v mut Value> {
    let is_wanted = |value: &Value| {
        let metadata = |key: &str| value["metadata"][key].as_str();
        let namespace = metadata("namespace").unwrap_or("default");
        value["kind"] == wanted.kind.name()
            && metadata("name") == Some(&wanted.name)
            && (wanted.namespace.is_empty() || namespace == wanted.namespace)
    };
    for value in values {
        if is_wanted(value) {
            return Some(value);
        }
        if let Some(found) =
            value.get_mut("items").and_then(Value::as_array_mut).and_then(|items| object(items, wanted))
        {
            return Some(found);
        }
    }
    None
}

/// A path's steps: keys and positions.
fn steps(path: &str) -> Vec<Value> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let (key, behind) = quoted.split_once("\"]").expect("a quoted key");
            steps.push(Value::from(key));
            rest = behind;
        } else if let Some(index) = rest.strip_prefix('[') {
            let (index, behind) = index.split_once(']').expect("a position");
            steps.push(Value::from(index.parse::<usize>().expect("a position")));
            rest = behind;
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (key, behind) = rest.split_at(end);
            steps.push(Value::from(key));
            rest = behind;
        }
    }
    steps
}

fn child<'v>(value: &'v mut Value, step: &Value) -> &'v mut Value {
    match step.as_u64() {
        Some(at) => &mut value[usize::try_from(at).expect("small")],
        None => &mut value[step.as_str().expect("a key")],
    }
}

/// What an edit makes of values.
fn edit(values: &mut [Value], Edit { object: of, field, change }: &Edit) {
    let steps = steps(field);
    let (last, above) = steps.split_last().expect("a path");
    let parent = above.iter().fold(object(values, of).expect("the object"), child);
    match change {
        Change::Set(text) => {
            let place = child(parent, last);
            let is_literal = place.is_number() || place.is_boolean();
            let literal = serde_json::from_str::<Value>(text).ok().filter(|_| is_literal);
            *place = literal.unwrap_or_else(|| Value::from(text.as_str()));
        }
        Change::Rename(key) => {
            let mapping = parent.as_object_mut().expect("a mapping");
            let value = mapping.shift_remove(last.as_str().expect("a key")).expect("the field");
            mapping.insert(key.clone(), value);
        }
        Change::Remove => match parent {
            Value::Array(items) => {
                items.remove(usize::try_from(last.as_u64().expect("a position")).expect("small"));
            }
            parent => {
                parent.as_object_mut().expect("a mapping").shift_remove(last.as_str().expect("a key"));
            }
        },
    }
}

#[test]
fn a_fix_mends_what_it_is_for_and_nothing_else() {
    let mut fixes = 0;
    for case in cases() {
        let found = case.lint(&case.text);
        for problem in &found {
            let Some(fix) = &problem.fix else { continue };
            let what = format!("{}: {} of {}", case.name, fix.message, problem.code);
            let text = applied(&case.text, fix);
            let after = case.lint(&text);
            let count = |found: &[Problem]| counted(found).get(&fingerprint(problem)).copied().unwrap_or(0);
            assert!(count(&after) < count(&found), "{what}: the finding is still there in\n{text}");
            assert!(errors(&after) <= errors(&found), "{what}: there are more errors in\n{text}\n{after:#?}");
            let mut expected = values(&case.text);
            fix.edits.iter().for_each(|change| edit(&mut expected, change));
            assert_eq!(values(&text), expected, "{what}: something else has changed in\n{text}");
            fixes += 1;
        }
    }
    assert!(fixes > 0);
}

#[test]
fn all_fixes_together_leave_nothing_that_can_be_mended() {
    for case in cases() {
        let session = Session::read([SourceFile::new("case.yaml", case.text.as_str())], &case.options);
        let found = session.lint();
        let mended = session.mended(Session::lint);
        let after = mended.session.lint();
        let left: Vec<&Problem> = after.iter().filter(|problem| problem.fix.is_some()).collect();
        assert!(left.is_empty(), "{}: {left:#?}", case.name);
        assert!(errors(&after) <= errors(&found), "{}: {after:#?}", case.name);
        let had_fixes = found.iter().any(|problem| problem.fix.is_some());
        assert_eq!(mended.fixes > 0, had_fixes, "{}", case.name);
    }
}
