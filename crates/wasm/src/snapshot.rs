//! What was read.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use wasm_bindgen::prelude::*;
use waypoint_xds::limits::Limits;
use waypoint_xds::snapshot::{self, Reading};
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::json;

use crate::error::Error;

/// What can be chosen about reading.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ReadOptions {
    limits: BTreeMap<String, u64>,
}

/// Objects that were read, and what is wrong with them.
#[wasm_bindgen(js_name = RawSnapshot)]
#[derive(Debug)]
pub struct Snapshot {
    pub(crate) reading: Arc<Reading>,
}

#[wasm_bindgen(js_class = RawSnapshot)]
impl Snapshot {
    /// Reads files: the names, and the texts in the same order. A name `west=pods.yaml` says which cluster
    /// the file is of; the first cluster is the control plane's own. The options are JSON.
    ///
    /// # Errors
    ///
    /// When an option is not one of those expected.
    #[wasm_bindgen(js_name = fromFiles)]
    pub fn from_files(names: Vec<String>, texts: Vec<String>, options: &str) -> Result<Self, Error> {
        let files = names.into_iter().zip(texts).map(|(name, text)| SourceFile::named(&name, text));
        Self::read(files, options)
    }

    /// Reads objects: a JSON array of them. The options are JSON.
    ///
    /// # Errors
    ///
    /// When it is none, or when an option is not one of those expected.
    #[wasm_bindgen(js_name = fromObjects)]
    pub fn from_objects(objects: &str, options: &str) -> Result<Self, Error> {
        let objects: Vec<serde_json::Value> =
            serde_json::from_str(objects).map_err(|error| Error::new("invalid-argument", &error))?;
        let files = objects.iter().enumerate().map(|(index, object)| SourceFile::from_object(index, object));
        Self::read(files, options)
    }

    /// What is wrong with the texts: a JSON array of problems.
    #[must_use]
    pub fn problems(&self) -> String {
        json::to_value(&self.reading.problems).to_string()
    }

    /// What was read and what was not, as JSON.
    #[must_use]
    pub fn summary(&self) -> String {
        json::to_value(&self.reading.summary).to_string()
    }
}

impl Snapshot {
    fn read(files: impl IntoIterator<Item = SourceFile>, options: &str) -> Result<Self, Error> {
        let ReadOptions { limits } =
            serde_json::from_str(options).map_err(|error| Error::new("invalid-options", &error))?;
        let limits = Limits::with(&limits).map_err(|error| Error::new(error.code(), &error))?;
        Ok(Self { reading: Arc::new(snapshot::Snapshot::read(files, &limits)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_objects_are_named_in_problems() {
        let files =
            Snapshot::from_files(vec!["a.yaml".into(), "b.yaml".into()], vec!["[]".into(), "{".into()], "{}")
                .unwrap();
        assert_eq!(files.reading.problems.len(), 2);
        assert!(files.problems().contains(r#""file":"b.yaml""#), "{}", files.problems());
        let objects = Snapshot::from_objects("[{}, 7]", "{}").unwrap();
        assert!(objects.problems().contains(r#""file":"objects[1]""#), "{}", objects.problems());
        assert!(objects.summary().starts_with('{'));
    }
}
