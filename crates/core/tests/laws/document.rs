//! One object as the text of one YAML document.

use serde_json::{Map, Value, json};

/// One object of a generated snapshot.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) kind: &'static str,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) text: String,
}

/// What every object has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Head {
    /// Seconds after the start of 2024, if the object tells when it was created.
    pub(crate) created: Option<u8>,
    pub(crate) labels: Map<String, Value>,
    pub(crate) annotations: Map<String, Value>,
}

impl Head {
    pub(crate) fn created(created: Option<u8>) -> Self {
        Self { created, ..Self::default() }
    }

    pub(crate) fn label(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.labels.insert(key.to_owned(), value.into());
        self
    }

    pub(crate) fn annotation(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.annotations.insert(key.to_owned(), value.into());
        self
    }
}

impl Document {
    /// The document of an object; `body` holds `spec`, `status` and the like. An empty namespace is none.
    pub(crate) fn new(
        (api_version, kind): (&str, &'static str),
        namespace: &str,
        name: &str,
        head: Head,
        body: Value,
    ) -> Self {
        let mut metadata = json!({"name": name});
        if !namespace.is_empty() {
            metadata["namespace"] = namespace.into();
        }
        if let Some(seconds) = head.created {
            metadata["creationTimestamp"] = format!("2024-01-01T00:00:{seconds:02}Z").into();
        }
        for (field, entries) in [("labels", head.labels), ("annotations", head.annotations)] {
            if !entries.is_empty() {
                metadata[field] = entries.into();
            }
        }
        let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": metadata});
        if let (Value::Object(object), Value::Object(body)) = (&mut object, body) {
            object.extend(body);
        }
        let mut text = String::new();
        write(&object, 0, &mut text);
        Self { kind, namespace: namespace.to_owned(), name: name.to_owned(), text }
    }
}

/// Documents as the text of one file.
pub(crate) fn file(documents: &[Document]) -> String {
    documents.iter().map(|document| format!("---\n{}", document.text)).collect()
}

/// Writes a value as block YAML behind a `key:`, a `-` or at the start of a document.
fn write(value: &Value, indent: usize, out: &mut String) {
    let start = |out: &mut String| {
        if indent > 0 {
            out.push('\n');
        }
    };
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            start(out);
            for (key, value) in fields {
                out.push_str(&format!("{:indent$}{}:", "", Value::from(key.as_str())));
                write(value, indent + 2, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            start(out);
            for item in items {
                out.push_str(&format!("{:indent$}-", ""));
                write(item, indent + 2, out);
            }
        }
        // JSON's scalars and empty collections are YAML too.
        scalar => out.push_str(&format!(" {scalar}\n")),
    }
}
