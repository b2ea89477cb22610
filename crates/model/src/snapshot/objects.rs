//! Objects as programs hold them: a controller has no text.

use serde::Serialize;

use super::{Reading, Snapshot};
use crate::limits::Limits;
use crate::text::SourceFile;

/// Objects of any types, as files to read: what `k8s-openapi` and `kube` have, `serde_json`'s values, or
/// types of one's own. Lists are taken for what is in them.
///
/// ```
/// use serde_json::json;
/// # use waypoint_xds_model as waypoint_xds;
/// use waypoint_xds::limits::Limits;
/// use waypoint_xds::snapshot::Objects;
///
/// #[derive(serde::Serialize)]
/// #[serde(rename_all = "camelCase")]
/// struct Namespace {
///     api_version: &'static str,
///     kind: &'static str,
///     metadata: serde_json::Value,
/// }
///
/// let mut objects = Objects::new();
/// objects.add(&Namespace { api_version: "v1", kind: "Namespace", metadata: json!({"name": "shop"}) })?;
/// objects.add(&json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart", "namespace": "shop"}}))?;
/// let reading = objects.read(&Limits::DEFAULT);
/// assert_eq!((reading.snapshot.namespaces.len(), reading.snapshot.services.len()), (1, 1));
/// # Ok::<(), waypoint_xds::snapshot::NotAnObject>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Objects {
    files: Vec<SourceFile>,
}

/// Something that cannot be written as JSON, and so is no object.
#[derive(Debug, thiserror::Error)]
#[error("objects[{index}] cannot be written as JSON: {source}")]
pub struct NotAnObject {
    /// Its position among those that were given.
    pub index: usize,
    /// Why not.
    #[source]
    pub(super) source: serde_json::Error,
}

impl Objects {
    /// No object yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an object. Problems call it `objects[3]`, by its position, and have places in its JSON with one
    /// field a line.
    ///
    /// # Errors
    ///
    /// [`NotAnObject`] if it cannot be written as JSON. That it has a kind is seen when it is read.
    pub fn add(&mut self, object: &(impl Serialize + ?Sized)) -> Result<(), NotAnObject> {
        let index = self.files.len();
        let value = serde_json::to_value(object).map_err(|source| NotAnObject { index, source })?;
        self.files.push(SourceFile::from_object(index, &value));
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Reads them.
    #[must_use]
    pub fn read(self, limits: &Limits) -> Reading {
        Snapshot::read(self.files, limits)
    }

    /// The files, for a `Session`, beside others say.
    #[must_use]
    pub fn into_files(self) -> Vec<SourceFile> {
        self.files
    }
}

impl Snapshot {
    /// Reads objects of one type, or of one that can be any: see [`Objects`].
    ///
    /// # Errors
    ///
    /// [`NotAnObject`] for the first one that cannot be written as JSON.
    ///
    /// ```
    /// use serde_json::json;
    /// # use waypoint_xds_model as waypoint_xds;
    /// use waypoint_xds::limits::Limits;
    /// use waypoint_xds::snapshot::Snapshot;
    ///
    /// let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "cart", "namespace": "shop"}});
    /// let reading = Snapshot::from_objects([service], &Limits::DEFAULT)?;
    /// assert_eq!(reading.snapshot.services[0].meta.name, "cart");
    /// # Ok::<(), waypoint_xds::snapshot::NotAnObject>(())
    /// ```
    pub fn from_objects<T: Serialize>(
        objects: impl IntoIterator<Item = T>,
        limits: &Limits,
    ) -> Result<Reading, NotAnObject> {
        let mut all = Objects::new();
        objects.into_iter().try_for_each(|object| all.add(&object))?;
        Ok(all.read(limits))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[test]
    fn objects_read_as_their_text_does() {
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "b"}, "spec": {"ports": [{"port": 80}]}});
        let list = json!({"apiVersion": "v1", "kind": "ServiceList", "items": [{"metadata": {"name": "c", "namespace": "b"}}]});
        let reading = Snapshot::from_objects([&service, &list], &Limits::DEFAULT).unwrap();
        let text = SourceFile::new("a.json", format!("{service}\n---\n{list}\n"));
        let read = Snapshot::read([text], &Limits::DEFAULT);
        let names = |reading: &Reading| -> Vec<String> {
            reading.snapshot.services.iter().map(|service| service.object_ref().to_string()).collect()
        };
        assert_eq!(names(&reading), names(&read));
        assert_eq!(names(&reading), ["Service b/a", "Service b/c"]);
        assert_eq!(reading.problems, []);
    }

    #[test]
    fn what_is_no_object_is_told() {
        let unkeyed = BTreeMap::from([(vec![1], 2)]);
        let error = Snapshot::from_objects([unkeyed], &Limits::DEFAULT).unwrap_err();
        assert!(
            error.to_string().starts_with("objects[0] cannot be written as JSON: key must be a string"),
            "{error}"
        );
        let reading = Snapshot::from_objects([7], &Limits::DEFAULT).unwrap();
        let places: Vec<_> = reading.problems.iter().filter_map(|problem| problem.place.as_ref()).collect();
        assert_eq!(places.first().map(|place| place.file.as_str()), Some("objects[0]"));
    }
}
