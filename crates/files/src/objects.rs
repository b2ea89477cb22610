//! Whether a text of a directory may hold objects: what stands at the top of its documents tells.
//!
//! Values of charts, settings of other programs and dashboards have a `kind` or an `apiVersion` somewhere,
//! too: they are passed over. A file that is named is read whatever is in it.

use waypoint_xds::limits::Limits;
use waypoint_xds::text::{Document, SourceFile, documents};

/// What an object has at its top.
const KEYS: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Which of [`KEYS`] a document has.
type Has = [bool; KEYS.len()];

/// Whether a document of a text looks like an object: it says of which kind and version it is, or one of
/// these beside its metadata, which is a mistake that is to be told. So is a text that is longer than the
/// limit.
pub(crate) fn may_hold_objects(source: &SourceFile, limit: usize) -> bool {
    let text = source.text();
    text.len() > limit
        || looks_like_object(KEYS.map(|key| text.contains(key)))
            && (lines_tell(text) || documents_tell(source))
}

fn looks_like_object([version, kind, metadata]: Has) -> bool {
    (version && kind) || (metadata && (version || kind))
}

/// Whether lines have the keys of an object where a document of YAML in block style has them: almost every
/// object is written so, and need not be read twice.
fn lines_tell(text: &str) -> bool {
    let mut has = Has::default();
    text.trim_start_matches('\u{feff}').lines().any(|line| {
        if line.starts_with("---") {
            has = Has::default();
        }
        has.iter_mut().zip(KEYS).for_each(|(has, key)| *has |= is_key(line, key));
        looks_like_object(has)
    })
}

/// Whether a line starts with a key, in quotes or without.
fn is_key(line: &str, key: &str) -> bool {
    let rest = ["", "\"", "'"].into_iter().find_map(|quote| {
        line.strip_prefix(quote)?.strip_prefix(key)?.strip_prefix(quote)?.trim_start().strip_prefix(':')
    });
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r']))
}

/// Whether documents have these keys, however they are written. JSON that cannot be read is to be told.
fn documents_tell(source: &SourceFile) -> bool {
    let first = source.text().trim_start().strip_prefix('{').map(str::trim_start);
    let is_json = first.is_some_and(|rest| !rest.starts_with(['{', '%', '#']));
    let has = |document: &Document| looks_like_object(KEYS.map(|key| document.root().get(key).is_some()));
    documents(source, &Limits::DEFAULT).any(|document| document.map_or(is_json, |document| has(&document)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(text: &str) -> bool {
        may_hold_objects(&SourceFile::new("f", text), 1000)
    }

    #[test]
    fn objects_are_taken_however_they_are_written() {
        for text in [
            "apiVersion: v1\nkind: Service\n",
            "\u{feff}kind: Service\r\napiVersion: v1\r\n",
            "# values\na: 1\n---\n'apiVersion': v1\n\"kind\" : Service\n",
            "{apiVersion: v1, kind: Service}",
            "  apiVersion: v1\n  kind: Service\n",
            "{\n  \"kind\": \"List\",\n  \"apiVersion\": \"v1\",\n  \"items\": []\n}",
            "--- {apiVersion: v1, kind: Service}\n",
        ] {
            assert!(may(text), "{text}");
        }
    }

    #[test]
    fn mistakes_are_taken_to_be_told() {
        for text in [
            "apiVersion: v1\nkin: Service\nmetadata: {name: a}\n",
            "kind: Service\nmetadata: {name: a}\n",
            "apiVersion: v1\nkind: Service\nmetadata: {name: [}\n",
            "apiVersion: v1\nkind: {{ .Values.kind }}\n",
            "{\"apiVersion\": \"v1\", \"kind\": \"Service\",, }",
        ] {
            assert!(may(text), "{text}");
        }
    }

    #[test]
    fn what_is_cut_off_is_taken_to_be_told() {
        assert!(may_hold_objects(&SourceFile::new("f", "apiVer"), 5));
        assert!(!may_hold_objects(&SourceFile::new("f", "apiVer"), 6));
    }

    #[test]
    fn what_has_the_words_somewhere_else_is_not_taken() {
        for (what, text) in [
            ("values", "kind: DaemonSet\nimage: {repository: a}\n"),
            ("values", "ingress:\n  apiVersion: v1\n  kind: Ingress\n"),
            ("values", "manifest: |\n  apiVersion: v1\n  kind: Service\n"),
            ("a chart", "apiVersion: v2\nname: kind-of-a-chart\n"),
            ("data sources", "apiVersion: 1\ndatasources: [{name: kind}]\n"),
            ("mkdocs", "site_name: the apiVersion\nkind: x\nemoji: !!python/name:a.b\n"),
            ("a dashboard", "{\"panels\": [{\"kind\": \"apiVersion\"}], \"metadata\": {}}"),
            ("a tsconfig", "{\"compilerOptions\": {\"kind\": 1}, \"apiVersion\": 1}"),
            ("two documents", "apiVersion: v1\n---\nkind: Service\n"),
            ("keys that only start so", "apiVersions: v1\nkinds: Service\nmetadata: 1\n"),
            ("a text", "apiVersion:v1\nkind:Service\n"),
            ("a template", "{% if kind %}\nx: {{ apiVersion }}\n"),
        ] {
            assert!(!may(text), "{what}: {text}");
        }
    }
}
