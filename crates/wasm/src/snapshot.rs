//! What was read.

use std::sync::Arc;

use wasm_bindgen::prelude::*;
use waypoint_xds::limits::Limits;
use waypoint_xds::snapshot::{self, Reading};
use waypoint_xds::text::SourceFile;
use waypoint_xds::view::json;

use crate::error::Error;

/// Objects that were read, and what is wrong with them.
#[wasm_bindgen(js_name = RawSnapshot)]
#[derive(Debug)]
pub struct Snapshot {
    pub(crate) reading: Arc<Reading>,
}

#[wasm_bindgen(js_class = RawSnapshot)]
impl Snapshot {
    /// Reads files: the names, and the texts in the same order.
    #[wasm_bindgen(js_name = fromFiles)]
    #[must_use]
    pub fn from_files(names: Vec<String>, texts: Vec<String>) -> Self {
        Self::read(names.into_iter().zip(texts).map(|(name, text)| SourceFile::new(name, text)))
    }

    /// Reads objects: a JSON array of them.
    ///
    /// # Errors
    ///
    /// When it is none.
    #[wasm_bindgen(js_name = fromObjects)]
    pub fn from_objects(objects: &str) -> Result<Self, Error> {
        let objects: Vec<serde_json::Value> =
            serde_json::from_str(objects).map_err(|error| Error::new("invalid-argument", &error))?;
        Ok(Self::read(
            objects.iter().enumerate().map(|(index, object)| SourceFile::from_object(index, object)),
        ))
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
    fn read(files: impl IntoIterator<Item = SourceFile>) -> Self {
        Self { reading: Arc::new(snapshot::Snapshot::read(files, &Limits::DEFAULT)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_objects_are_named_in_problems() {
        let files =
            Snapshot::from_files(vec!["a.yaml".into(), "b.yaml".into()], vec!["[]".into(), "{".into()]);
        assert_eq!(files.reading.problems.len(), 2);
        assert!(files.problems().contains(r#""file":"b.yaml""#), "{}", files.problems());
        let objects = Snapshot::from_objects("[{}, 7]").unwrap();
        assert!(objects.problems().contains(r#""file":"objects[1]""#), "{}", objects.problems());
        assert!(objects.summary().starts_with('{'));
    }
}
