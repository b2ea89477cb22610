//! Texts that hurt a reader of YAML or JSON. The size is a number of values, levels, documents or bytes.

/// Something several times, each time with its number.
fn each(size: usize, one: impl Fn(usize) -> String) -> String {
    (0..size).map(one).collect()
}

/// A thousand values, and as many aliases of them as the size says.
pub(crate) fn alias_bomb(size: usize) -> String {
    format!("a: &a [{}]\nb: [{}]\n", "1, ".repeat(1000), "*a, ".repeat(size))
}

/// Each level has the one before it twice.
pub(crate) fn alias_chain(size: usize) -> String {
    format!("a0: &a0 [1]\n{}", each(size, |at| format!("a{}: &a{} [*a{at}, *a{at}]\n", at + 1, at + 1)))
}

pub(crate) fn anchors(size: usize) -> String {
    each(size, |at| format!("- &a{at} 1\n- *a{at}\n"))
}

/// A mapping of a thousand keys, merged into as many as the size says.
pub(crate) fn merge_bomb(size: usize) -> String {
    let base = each(1000, |at| format!("k{at}: 1, "));
    format!("base: &base {{{base}}}\nitems:\n{}", "- <<: *base\n".repeat(size))
}

pub(crate) fn deep_flow(size: usize) -> String {
    "[".repeat(size) + &"]".repeat(size)
}

pub(crate) fn deep_flow_mappings(size: usize) -> String {
    "{a: ".repeat(size) + &"}".repeat(size)
}

pub(crate) fn deep_block(size: usize) -> String {
    "- ".repeat(size)
}

pub(crate) fn deep_keys(size: usize) -> String {
    "? ".repeat(size)
}

pub(crate) fn deep_json(size: usize) -> String {
    "{\"a\":".repeat(size) + "1" + &"}".repeat(size)
}

pub(crate) fn documents(size: usize) -> String {
    "a: 1\n---\n".repeat(size)
}

/// Documents of nothing but comments.
pub(crate) fn comments(size: usize) -> String {
    "# c\n---\n".repeat(size)
}

/// Directives that no document follows.
pub(crate) fn directives(size: usize) -> String {
    "%YAML 1.1\n---\n%TAG ! tag:a,2000:\n".repeat(size)
}

pub(crate) fn json_documents(size: usize) -> String {
    "{\"a\": 1} ".repeat(size)
}

pub(crate) fn broken_documents(size: usize) -> String {
    "a: [\n---\nb: {\"\n---\né: *b\n---\n".repeat(size)
}

fn config_map(value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: istio\n  namespace: istio-system\ndata:\n  mesh: {value}\n"
    )
}

pub(crate) fn plain_scalar(size: usize) -> String {
    config_map(&"a".repeat(size))
}

/// A plain scalar of many short lines.
pub(crate) fn plain_lines(size: usize) -> String {
    config_map(&"a b\n    ".repeat(size / 8))
}

/// Nothing of it stands in the text as it is meant.
pub(crate) fn quoted_scalar(size: usize) -> String {
    config_map(&format!("\"{}\"", "\\u00e9".repeat(size / 6)))
}

pub(crate) fn quoted_lines(size: usize) -> String {
    config_map(&format!("\"{}\"", "é\n\n    ".repeat(size / 8)))
}

pub(crate) fn block_scalar(size: usize) -> String {
    config_map(&format!("|\n{}", "    a: é\n".repeat(size / 10)))
}

pub(crate) fn folded_scalar(size: usize) -> String {
    config_map(&format!(">-\n{}", "    a\n\n      b\n".repeat(size / 16)))
}

pub(crate) fn json_scalar(size: usize) -> String {
    let text = "\\n\\u00e9\\ud83d\\ude00".repeat(size / 20);
    format!(
        r#"{{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {{"name": "istio", "namespace": "istio-system"}}, "data": {{"mesh": "{text}"}}}}"#
    )
}

/// Many values in one line, and something wrong in each.
pub(crate) fn one_line(size: usize) -> String {
    format!("[{}]", each(size, |at| format!("{{é: {at}, é: 2}}, ")))
}

pub(crate) fn keys(size: usize) -> String {
    config_map("a") + &each(size, |at| format!("  k{at}: é\n"))
}

pub(crate) fn duplicate_keys(size: usize) -> String {
    config_map("a") + &"  mesh: b\n".repeat(size)
}
