//! What was read.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use wasm_bindgen::prelude::*;
use waypoint_xds::detect;
use waypoint_xds::limits::Limits;
use waypoint_xds::snapshot::{self, Kind, ObjectRef, Reading};
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

    /// The objects that were kept, by kind, namespace and name: a JSON array.
    #[must_use]
    pub fn objects(&self) -> String {
        let mut objects: Vec<ObjectRef> = self.reading.snapshot.sources().map(|(object, _)| object).collect();
        objects.sort();
        json::to_value(&objects).to_string()
    }

    /// The release that the snapshot tells, if it tells one.
    #[must_use]
    pub fn release(&self) -> Option<String> {
        detect::release(&self.reading).map(|found| found.release.to_string())
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

/// The API group of the only kind that has this name; clients' models tell the name of their kind, not its
/// group.
#[wasm_bindgen(js_name = groupOf)]
#[must_use]
pub fn group_of(kind: &str) -> Option<String> {
    let mut named = Kind::ALL.iter().filter(|known| known.name() == kind);
    let found = named.next()?;
    named.next().is_none().then(|| found.group().to_owned())
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

    #[test]
    fn a_kind_is_of_a_group_where_no_other_has_its_name() {
        let group = |kind| group_of(kind).as_deref().map(str::to_owned);
        assert_eq!(group("Service").as_deref(), Some(""));
        assert_eq!(group("Deployment").as_deref(), Some("apps"));
        assert_eq!((group("Gateway"), group("Cat")), (None, None));
    }

    #[test]
    fn what_was_read_is_listed_with_the_release_that_it_tells() {
        let pod = r#"[{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "istiod-1", "namespace": "istio-system", "labels": {"app": "istiod"}},
            "spec": {"containers": [{"name": "discovery", "image": "docker.io/istio/pilot:1.30.2"}]}}]"#;
        let snapshot = Snapshot::from_objects(pod, "{}").unwrap();
        assert_eq!(snapshot.objects(), r#"[{"kind":"Pod","namespace":"istio-system","name":"istiod-1"}]"#);
        assert_eq!(snapshot.release().as_deref(), Some("1.30"));
    }
}
