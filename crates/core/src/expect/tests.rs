use serde_json::{Value, json};

use super::expected::Expected;
use super::template::FIELDS;
use super::*;
use crate::limits::Limits;
use crate::text::{DecodeError, Reason, SourceFile, Unread, documents};
use crate::trace::RequestSpec;

/// Reads a value as a type.
fn decoded<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, DecodeError> {
    let file = SourceFile::new("value", value.to_string());
    let document = documents(&file, &Limits::DEFAULT).next().unwrap().unwrap();
    document.root().decode(&Unread::new())
}

/// The fields that a type has.
fn fields<T: serde::de::DeserializeOwned>() -> Vec<&'static str> {
    match decoded::<T>(&json!({"no such field": 1})).err().unwrap().reason() {
        Reason::UnknownField { known, .. } => known.to_vec(),
        other => panic!("{other}"),
    }
}

#[test]
fn variables_may_be_called_as_every_field_of_a_request() {
    assert_eq!(fields::<RequestSpec>(), FIELDS);
}

#[test]
fn the_schema_has_every_field() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let names = |path: &str| -> Vec<String> {
        let properties = schema.pointer(&format!("{path}/properties")).and_then(Value::as_object);
        properties.unwrap_or_else(|| panic!("{path}")).keys().cloned().collect()
    };
    assert_eq!(names("/$defs/request"), FIELDS);
    let mut expect = names("/$defs/expect");
    let mut known = fields::<Expected>();
    expect.sort();
    known.sort_unstable();
    assert_eq!(expect, known);
    let sorted = |mut all: Vec<String>| {
        all.sort();
        all
    };
    let claim = fields::<claim::Written>().into_iter().map(str::to_owned).collect();
    assert_eq!(sorted(names("/$defs/claim")), sorted(claim));
    let clients = fields::<claim::Clients>().into_iter().map(str::to_owned).collect();
    assert_eq!(sorted(names("/$defs/claim/properties/from/anyOf/1")), sorted(clients));
    assert_eq!(names("/$defs/expect/properties/request"), fields::<ExpectedRequest>());
    assert_eq!(names("/$defs/expect/properties/retries/anyOf/2"), fields::<ExpectedRetries>());
    assert_eq!(names("/$defs/destination/anyOf/1"), fields::<ExpectedDestination>());
    assert_eq!(names("/$defs/outcome"), fields::<ExpectedOutcome>());
}

#[test]
fn values_may_be_written_shortly() {
    let expected: Expected = decoded(&json!({
        "timeout": "1500ms", "retries": 2, "destinations": ["cart.shop"], "decidedBy": "none",
        "request": {"headers": {"a": "1", "b": true, "c": false, "d": null}},
    }))
    .unwrap();
    assert_eq!(expected.timeout, Some(Limit::Of(crate::snapshot::Duration::from_millis(1500))));
    assert_eq!(expected.retries.and_then(|tries| tries.attempts), Some(2));
    assert_eq!(expected.destinations.unwrap().remove(0).service.as_deref(), Some("cart.shop"));
    assert!(expected.decided_by.unwrap().none);
    let headers: Vec<Option<HeaderValue>> = expected.request.unwrap().headers.into_values().collect();
    let is = |text: &str| Some(HeaderValue::Is(text.to_owned()));
    let present = |present| Some(HeaderValue::Present(present));
    assert_eq!(headers, [is("1"), present(true), present(false), None]);
}

#[test]
fn names_tell_variants_apart() {
    let names = |test: &str| -> Vec<String> {
        let head =
            "apiVersion: waypoint-xds.io/v1\nkind: MeshTest\ntests:\n- request: {from: a/b, to: c.d}\n  ";
        let reading = read(&SourceFile::new("a.test.yaml", format!("{head}{test}\n")), &Limits::DEFAULT);
        assert_eq!(reading.problems, [], "{test}");
        reading.suites.iter().flat_map(|suite| &suite.cases).map(|case| case.name.clone()).collect()
    };
    assert_eq!(names("for: [GET, PUT]"), ["GET / a/b -> c.d", "PUT / a/b -> c.d"]);
    assert_eq!(names("name: x\n  for: [GET, PUT]"), ["x [method=GET]", "x [method=PUT]"]);
    assert_eq!(names("name: $(method) it\n  for: [GET, PUT]"), ["GET it", "PUT it"]);
    assert_eq!(names("name: $$(method)\n  for: [GET]"), ["$(method)"]);
}

#[test]
fn files_that_are_added_stand_beside_the_tests() {
    let text = "apiVersion: waypoint-xds.io/v1\nkind: MeshTest\nsetup: [a.yaml, ../b.yaml, /c.yaml]\ntests: [{request: {from: a/b, to: c}}]\n";
    let paths = |name: &str| {
        read(&SourceFile::new(name, text), &Limits::DEFAULT).suites.first().map(Suite::setup_paths).unwrap()
    };
    assert_eq!(paths("tests/shop.test.yaml"), ["tests/a.yaml", "tests/../b.yaml", "/c.yaml"]);
    assert_eq!(paths("shop.test.yaml"), ["a.yaml", "../b.yaml", "/c.yaml"]);
}

#[test]
fn other_yaml_is_no_file_of_tests() {
    for text in [
        "{\"apiVersion\": \"waypoint-xds.io/v1\"}",
        "kind: MeshTest\napiVersion: 'waypoint-xds.io/v1'\n",
        "\u{feff}apiVersion : waypoint-xds.io/v2",
    ] {
        assert!(is_tests(text), "{text}");
    }
    for text in [
        "",
        "kind: MeshTest",
        "# apiVersion: waypoint-xds.io/v1",
        "apiVersion: v1",
        "annotations: {waypoint-xds.io/suppress: x}",
    ] {
        assert!(!is_tests(text), "{text}");
    }
}
