//! What else has to do with a problem, and what mends it.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use waypoint_xds::problem::{self, Change};

use crate::problem::{ObjectRef, Place};
use crate::{Reduced, error, html};

/// Something that has to do with a problem, and what: an object, a field of one, or just a place.
#[pyclass(frozen, eq, ord, hash, from_py_object, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Related(pub(crate) problem::Related);

/// What a [`Related`] is pickled as.
type RelatedParts = (Option<Place>, Option<ObjectRef>, String, String);

#[pymethods]
impl Related {
    /// Where it stands, when it stands anywhere.
    #[getter]
    fn place(&self) -> Option<Place> {
        self.0.place.clone().map(Place)
    }

    /// The object.
    #[getter]
    fn object(&self) -> Option<ObjectRef> {
        self.0.object.clone().map(ObjectRef)
    }

    /// The path of the field; empty for the object as a whole.
    #[getter]
    fn field(&self) -> &str {
        &self.0.field
    }

    /// What it has to do with the problem.
    #[getter]
    fn message(&self) -> &str {
        &self.0.message
    }

    /// One of these parts, in the order of the fields.
    #[staticmethod]
    #[pyo3(name = "_of")]
    fn of(parts: RelatedParts) -> Self {
        let (place, object, field, message) = parts;
        let (place, object) = (place.map(|place| place.0), object.map(|object| object.0));
        Self(problem::Related { place, object, field, message })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (RelatedParts,)> {
        let problem::Related { place, object, field, message } = slf.get().0.clone();
        Ok((slf.getattr("_of")?, ((place.map(Place), object.map(ObjectRef), field, message),)))
    }

    fn __str__(&self) -> String {
        let place = self.place().map(|place| format!("{place}: "));
        let object = self.0.object.as_ref().map(|object| format!("{object} "));
        let field = if self.0.field.is_empty() { String::new() } else { format!("{} ", self.0.field) };
        let about = format!("{}{field}", object.unwrap_or_default());
        let about = if about.is_empty() { about } else { format!("{}: ", about.trim_end()) };
        format!("{}{about}{}", place.unwrap_or_default(), self.0.message)
    }

    fn _repr_html_(&self) -> String {
        html::text(&self.__str__())
    }

    fn __repr__(&self) -> String {
        format!("<Related: {}>", self.0.message)
    }
}

/// A change of the text that mends a problem.
#[pyclass(frozen, eq, ord, hash, from_py_object, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fix(pub(crate) problem::Fix);

/// What a [`Fix`] is pickled as.
type FixParts = (String, Vec<Edit>, Vec<Replacement>);

#[pymethods]
impl Fix {
    /// What it does.
    #[getter]
    fn message(&self) -> &str {
        &self.0.message
    }

    /// What becomes of which fields: they belong together.
    #[getter]
    fn edits<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.edits.iter().cloned().map(Edit).collect::<Vec<_>>())
    }

    /// The same as stretches of files and what to write there instead, in the order of the text.
    #[getter]
    fn replacements<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.replacements.iter().cloned().map(Replacement).collect::<Vec<_>>())
    }

    /// One of these parts, in the order of the fields.
    #[staticmethod]
    #[pyo3(name = "_of")]
    fn of(parts: FixParts) -> Self {
        let (message, edits, replacements) = parts;
        let edits = edits.into_iter().map(|edit| edit.0).collect();
        let replacements = replacements.into_iter().map(|replacement| replacement.0).collect();
        Self(problem::Fix { message, edits, replacements })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (FixParts,)> {
        let problem::Fix { message, edits, replacements } = slf.get().0.clone();
        let edits = edits.into_iter().map(Edit).collect();
        let replacements = replacements.into_iter().map(Replacement).collect();
        Ok((slf.getattr("_of")?, ((message, edits, replacements),)))
    }

    fn _repr_html_(&self) -> String {
        let rows = self.0.replacements.iter().map(|one| Replacement(one.clone()).row());
        html::paragraph(&self.0.message) + &html::table(Replacement::HEADER, rows)
    }

    fn __repr__(&self) -> String {
        format!("<Fix: {}>", self.0.message)
    }
}

/// A change of one field of an object.
#[pyclass(frozen, eq, ord, hash, from_py_object, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edit(problem::Edit);

/// What an [`Edit`] is pickled as.
type EditParts = (ObjectRef, String, String, Option<String>);

#[pymethods]
impl Edit {
    /// The object.
    #[getter]
    fn object(&self) -> ObjectRef {
        ObjectRef(self.0.object.clone())
    }

    /// The path of the field.
    #[getter]
    fn field(&self) -> &str {
        &self.0.field
    }

    /// What becomes of the field: `set`, `rename` or `remove`.
    #[getter]
    fn change(&self) -> &'static str {
        match self.0.change {
            Change::Set(_) => "set",
            Change::Rename(_) => "rename",
            Change::Remove => "remove",
        }
    }

    /// The value that it gets, or the key; None where it is removed.
    #[getter]
    fn value(&self) -> Option<&str> {
        match &self.0.change {
            Change::Set(value) | Change::Rename(value) => Some(value),
            Change::Remove => None,
        }
    }

    /// One of these parts, in the order of the fields.
    #[staticmethod]
    #[pyo3(name = "_of")]
    fn of(parts: EditParts) -> PyResult<Self> {
        let (object, field, change, value) = parts;
        let change = match (change.as_str(), value) {
            ("set", Some(value)) => Change::Set(value),
            ("rename", Some(key)) => Change::Rename(key),
            ("remove", None) => Change::Remove,
            _ => return Err(error::setting("unknown-change", &format_args!("unknown change `{change}`"))),
        };
        Ok(Self(problem::Edit { object: object.0, field, change }))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, (EditParts,)> {
        let this = slf.get();
        let (change, value) = (this.change().to_owned(), this.value().map(str::to_owned));
        Ok((slf.getattr("_of")?, ((this.object(), this.0.field.clone(), change, value),)))
    }

    fn _repr_html_(&self) -> String {
        let cells =
            [&self.0.object.to_string(), &self.0.field, self.change(), self.value().unwrap_or_default()];
        html::table(["OBJECT", "FIELD", "CHANGE", "VALUE"], [cells.map(str::to_owned)])
    }

    fn __repr__(&self) -> String {
        format!("<Edit {}: {} {}>", self.0.object, self.change(), self.0.field)
    }
}

/// A stretch of a file and what to write there instead.
#[pyclass(frozen, eq, ord, hash, from_py_object, module = "waypoint_xds")]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Replacement(problem::Replacement);

#[pymethods]
impl Replacement {
    /// The stretch that goes; it is empty where something is only added.
    #[getter]
    fn place(&self) -> Place {
        Place(self.0.place.clone())
    }

    /// What comes instead.
    #[getter]
    fn text(&self) -> &str {
        &self.0.text
    }

    /// One of these parts, in the order of the fields.
    #[staticmethod]
    #[pyo3(name = "_of")]
    fn of(parts: (Place, String)) -> Self {
        let (place, text) = parts;
        Self(problem::Replacement { place: place.0, text })
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> Reduced<'py, ((Place, String),)> {
        let this = slf.get();
        Ok((slf.getattr("_of")?, ((this.place(), this.0.text.clone()),)))
    }

    fn _repr_html_(&self) -> String {
        html::table(Self::HEADER, [self.row()])
    }

    fn __repr__(&self) -> String {
        let problem::Replacement { place, text } = &self.0;
        format!("<Replacement {}:{}:{}: {text:?}>", place.file, place.line, place.column)
    }
}

impl Replacement {
    /// What is told of one.
    const HEADER: [&str; 2] = ["PLACE", "TEXT"];

    fn row(&self) -> [String; 2] {
        [self.place().to_string(), self.0.text.clone()]
    }
}
