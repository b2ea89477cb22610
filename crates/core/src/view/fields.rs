//! Where fields stand that are named by plain data, as statuses and findings name them.

use serde::Deserialize;

use crate::Str;
use crate::hash::HashMap;
use crate::problem::Place;
use crate::snapshot::{Kind, ObjectRef, Reading, Source};

/// A field of an object by its names, as the JSON of statuses and findings has them; what else that JSON has
/// does not count.
///
/// ```
/// use waypoint_xds::limits::Limits;
/// use waypoint_xds::snapshot::Snapshot;
/// use waypoint_xds::text::SourceFile;
/// use waypoint_xds::view::fields::{Field, places};
///
/// let yaml = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n";
/// let reading = Snapshot::read([SourceFile::new("shop.yaml", yaml)], &Limits::DEFAULT);
/// let fields: Vec<Field> = serde_json::from_str(
///     r#"[{"kind": "Namespace", "name": "shop", "field": "metadata.name"}, {"kind": "Namespace", "name": "bank"}]"#,
/// )?;
/// let found = places(&reading, &fields);
/// assert_eq!(found[0].as_ref().map(|place| place.line), Some(4));
/// assert_eq!(found[1], None);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Field {
    /// The kind, as messages print it.
    pub kind: Str,
    /// The namespace; empty for kinds of the cluster.
    pub namespace: Str,
    /// The name.
    pub name: Str,
    /// The path of the field; empty for the object as a whole.
    pub field: Str,
}

/// Where fields stand, in the order asked: of what an object does not have as much as it has, and nothing of
/// objects that are not there. Each document is read again once.
#[must_use]
pub fn places(reading: &Reading, fields: &[Field]) -> Vec<Option<Place>> {
    let sources: Vec<Option<Source>> = sources(reading, fields);
    let asked = sources.iter().zip(fields).enumerate().filter_map(|(at, (source, field))| {
        Some((at, (*source)?, field.field.as_str())).filter(|(_, _, path)| !path.is_empty())
    });
    let asked: Vec<(usize, Source, &str)> = asked.collect();
    let found = reading.files.places(asked.iter().map(|(_, source, path)| (*source, *path)));
    let of_object = |source: &Option<Source>| reading.files.place_of_object((*source)?);
    let mut places: Vec<Option<Place>> = sources.iter().map(of_object).collect();
    for ((at, ..), place) in asked.iter().zip(found) {
        if let (Some(known), Some(place)) = (places.get_mut(*at), place) {
            *known = Some(place);
        }
    }
    places
}

/// The object that each field is of.
fn sources(reading: &Reading, fields: &[Field]) -> Vec<Option<Source>> {
    let key =
        |object: &ObjectRef| (object.kind.display_name(), object.namespace.clone(), object.name.clone());
    let known: HashMap<_, Source> =
        reading.snapshot.sources().map(|(object, source)| (key(&object), source)).collect();
    let of = |field: &Field| {
        let kind = Kind::ALL.iter().map(|kind| kind.display_name()).find(|kind| *kind == field.kind)?;
        known.get(&(kind, field.namespace.clone(), field.name.clone())).copied()
    };
    fields.iter().map(of).collect()
}
