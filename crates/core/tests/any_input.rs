//! Properties that hold for any input at all.

use proptest::prelude::*;
use waypoint_xds::limits::Limits;
use waypoint_xds::snapshot::{Reading, Snapshot};
use waypoint_xds::text::{SourceFile, Unread, documents};
use waypoint_xds::view::diagnostics::{Colour, concise, full, github, json};

fn read(text: &str) -> Reading {
    Snapshot::read([SourceFile::new("f.yaml", text)], &Limits::DEFAULT)
}

/// Reads a text and prints its problems in every way; what is claimed of places has to hold.
fn survives(text: &str) {
    let reading = read(text);
    for colour in [Colour::Never, Colour::Always] {
        let _ = full(&reading.problems, &reading.files, colour);
    }
    let _ = (concise(&reading.problems), json(&reading.problems), github(&reading.problems));
    for place in reading.problems.iter().filter_map(|problem| problem.place.as_ref()) {
        assert!(text.get(place.start as usize..place.end as usize).is_some(), "{place:?}");
    }
    for (object, source) in reading.snapshot.sources() {
        assert!(reading.files.place(source, "metadata.name").is_some(), "{object}");
    }
}

/// Text made of what means something to YAML and to Kubernetes.
fn yaml_like() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "a",
        "b",
        ": ",
        ":",
        "\n",
        "\n  ",
        "\n    ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "\"",
        "'",
        "|",
        ">",
        "# ",
        "&x ",
        "*x",
        "!!str ",
        "!!int ",
        "!!binary ",
        "<<: ",
        "? ",
        "\n---\n",
        "\n...\n",
        "\t",
        "\r\n",
        "1",
        "0777",
        "on",
        "~",
        "é",
        "日",
        "\u{feff}",
        "\0",
        "%YAML 1.1\n",
        "\\",
        "\\u",
        "apiVersion: v1\n",
        "kind: Pod\n",
        "kind: List\n",
        "items:\n",
        "metadata: ",
        "name: ",
        "metadata: {name: x}\n",
        "spec:\n",
    ]);
    prop::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat())
}

fn service(name: &str, port: u16) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec:\n  ports:\n  - {{port: {port}}}\n"
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        survives(&text);
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        survives(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn any_yaml_like_text_is_survived(text in yaml_like()) {
        survives(&text);
    }

    #[test]
    fn a_document_cut_anywhere_is_survived(cut in 0usize..200, json in any::<bool>()) {
        let whole = if json {
            r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "ä\u00e4\ud83d\ude00"}, "spec": {"ports": [{"port": -1.5e3}]}}"#
                .to_owned()
        } else {
            service("a", 80)
        };
        survives(&whole.chars().take(cut).collect::<String>());
    }

    #[test]
    fn the_order_of_documents_does_not_matter(order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle()) {
        let documents: Vec<String> = order.iter().map(|n| service(&format!("s{n}"), 80)).collect();
        let reading = read(&documents.join("---\n"));
        let names: Vec<String> = reading.snapshot.services.iter().map(|service| service.meta.name.to_string()).collect();
        prop_assert_eq!(names, ["s0", "s1", "s2", "s3", "s4", "s5"]);
    }

    #[test]
    fn json_means_the_same_read_as_json_and_as_yaml(value in any_json(4)) {
        let text = serde_json::to_string(&serde_json::json!({ "v": value })).unwrap();
        let meaning = |text: &str| -> Option<serde_json::Value> {
            let document = documents(&SourceFile::new("f", text), &Limits::DEFAULT).next()?.ok()?;
            document.root().decode(&Unread::new()).ok()
        };
        // Behind a comment it is YAML.
        let yaml = format!("# c\n{text}");
        prop_assert_eq!(meaning(&text), Some(serde_json::json!({ "v": value })));
        prop_assert_eq!(meaning(&yaml), meaning(&text));
    }
}

fn any_json(depth: u32) -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(serde_json::Value::from),
        any::<i64>().prop_map(serde_json::Value::from),
        any::<u64>().prop_map(serde_json::Value::from),
        "[ -~äé日]{0,12}".prop_map(serde_json::Value::from),
    ];
    leaf.prop_recursive(depth, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[a-z ]{1,6}", inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}
