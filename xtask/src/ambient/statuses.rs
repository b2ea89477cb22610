//! The statuses of a case, as they are compared.

use std::collections::BTreeSet;

use serde_json::Value;

/// What is compared of a condition.
const KEYS: [&str; 10] =
    ["kind", "namespace", "name", "parent", "controller", "listener", "type", "status", "reason", "message"];
/// Where the reference draws the addresses of the waypoints' own Services.
const DRAWN: &str = "10.255.";

/// What a case should give and what it gave. Conditions that Istio's writers take from each other, or of
/// which it writes only one of several, may be there or not: they are left out.
pub(super) fn compared(want: &[Value], made: &[Value]) -> (BTreeSet<String>, BTreeSet<String>) {
    let drawn: BTreeSet<(&str, &str)> = want.iter().filter(|c| is_drawn(c)).map(object).collect();
    let text = |condition: &Value| text(condition, drawn.contains(&object(condition)));
    let (noted, want): (Vec<&Value>, Vec<&Value>) =
        want.iter().partition(|condition| condition.get("note").is_some());
    let noted: BTreeSet<String> = noted.into_iter().map(text).collect();
    let want: BTreeSet<String> = want.into_iter().map(text).collect();
    let made = made.iter().map(text).filter(|condition| !noted.contains(condition)).collect();
    (want, made)
}

fn field<'v>(condition: &'v Value, key: &str) -> &'v str {
    condition.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn object(condition: &Value) -> (&str, &str) {
    (field(condition, "namespace"), field(condition, "name"))
}

fn is_address(condition: &Value) -> bool {
    ["kind", "type", "reason"].map(|key| field(condition, key)) == ["Gateway", "address", "IPAddress"]
}

/// Whether it is an address that the reference has drawn, of older cases twice: the input says another one
/// then.
fn is_drawn(condition: &Value) -> bool {
    is_address(condition) && field(condition, "message").starts_with(DRAWN)
}

fn text(condition: &Value, drawn: bool) -> String {
    let said = KEYS.iter().filter_map(|key| {
        let value = field(condition, key);
        let value = if *key == "message" && drawn && is_address(condition) { DRAWN } else { value };
        (!value.is_empty()).then(|| ((*key).to_owned(), Value::from(value)))
    });
    Value::Object(said.collect()).to_string()
}
