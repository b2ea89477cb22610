//! What tests have reached: as a table, as JSON, and as LCOV over the lines of the snapshot.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::super::origins::Places;
use super::super::table::Table;
use crate::expect::{Coverage, CoverageKind, Point};
use crate::problem::Place;
use crate::resources::Part;

/// What tests have reached, with the lines where it stands.
#[derive(Clone, Debug)]
pub struct Covered<'c> {
    coverage: &'c Coverage,
    points: Vec<(&'c Point, u64, Option<Place>)>,
}

impl<'c> Covered<'c> {
    /// What was reached of a snapshot.
    #[must_use]
    pub fn new(coverage: &'c Coverage, places: &Places<'_>) -> Self {
        let asked = coverage.points().map(|(point, _)| (&point.object, point.field.as_str()));
        let found = places.locate_fields(asked);
        let points =
            coverage.points().zip(found).map(|((point, hits), place)| (point, hits, place)).collect();
        Self { coverage, points }
    }

    /// How much of each sort was reached, and what was not.
    #[must_use]
    pub fn text(&self) -> String {
        let mut counts = Table::new(&["COVERAGE", "REACHED", "PERCENT"], 3);
        let sorts = CoverageKind::ALL.into_iter().map(|sort| (sort.as_str(), Some(sort)));
        for (name, sort) in sorts.chain([("all", None)]) {
            let (reached, all) = self.coverage.count(sort);
            if all > 0 || sort.is_none() {
                let percent = format!("{:.1}", self.coverage.percent(sort));
                counts.push("", Part::Resource, vec![name.to_owned(), format!("{reached}/{all}"), percent]);
            }
        }
        let mut missing = Table::new(&["NOT REACHED", "WHAT", "WHERE"], 3);
        for (point, _, place) in self.points.iter().filter(|(_, hits, _)| *hits == 0) {
            let gap = if point.field.is_empty() { "" } else { " " };
            let what = format!("{}{gap}{}", point.object, point.field);
            let place = place.as_ref().map(|place| format!("{}:{}", place.file, place.line));
            let row = vec![point.sort.as_str().to_owned(), what, place.unwrap_or_default()];
            missing.push("", Part::Resource, row);
        }
        let missing = if missing.rows.is_empty() { String::new() } else { format!("\n{missing}") };
        format!("{counts}{missing}")
    }

    /// The same as JSON: `percent`, `reached` and `all` of each sort, and every point with its hits and its
    /// place.
    #[must_use]
    pub fn json(&self) -> Value {
        let count = |sort: Option<CoverageKind>| {
            let (reached, all) = self.coverage.count(sort);
            json!({"reached": reached, "all": all, "percent": self.coverage.percent(sort)})
        };
        let sorts: serde_json::Map<String, Value> =
            CoverageKind::ALL.into_iter().map(|sort| (sort.as_str().to_owned(), count(Some(sort)))).collect();
        let point = |(point, hits, place): &(&Point, u64, Option<Place>)| {
            let place = place
                .as_ref()
                .map(|place| json!({"file": place.file, "line": place.line, "endLine": place.end_line}));
            let Point { sort, object, field } = point;
            json!({"sort": sort, "object": object, "field": field, "hits": hits, "place": place})
        };
        let points: Vec<Value> = self.points.iter().map(point).collect();
        json!({"all": count(None), "sorts": sorts, "points": points})
    }

    /// LCOV's tracefile: each line of a route, a policy or a subset counts how many requests reached what
    /// stands there.
    #[must_use]
    pub fn lcov(&self) -> String {
        let mut out = String::new();
        for (file, lines) in self.lines() {
            // Writing to a string does not fail.
            let _ = writeln!(out, "TN:\nSF:{file}");
            for (line, hits) in &lines {
                let _ = writeln!(out, "DA:{line},{hits}");
            }
            let hit = lines.values().filter(|hits| **hits > 0).count();
            let _ = writeln!(out, "LF:{}\nLH:{hit}\nend_of_record", lines.len());
        }
        out
    }

    /// The hits of each line: what is inside of something else counts for its own lines.
    fn lines(&self) -> BTreeMap<&str, BTreeMap<u32, u64>> {
        let mut files: BTreeMap<&str, BTreeMap<u32, u64>> = BTreeMap::new();
        for inside in [false, true] {
            let mut layer: BTreeMap<(&str, u32), u64> = BTreeMap::new();
            for (point, hits, place) in &self.points {
                let Some(place) = place.as_ref().filter(|_| is_inside(point.sort) == inside) else {
                    continue;
                };
                for line in place.line..=last_line(place) {
                    *layer.entry((place.file.as_str(), line)).or_default() += hits;
                }
            }
            for ((file, line), hits) in layer {
                files.entry(file).or_default().insert(line, hits);
            }
        }
        files
    }
}

/// Whether it is a part of something else that can be reached.
fn is_inside(sort: CoverageKind) -> bool {
    matches!(sort, CoverageKind::Match | CoverageKind::Rule)
}

/// The last line that something stands on: an end at the start of a line is the end of the one before.
fn last_line(place: &Place) -> u32 {
    let last = if place.end_column <= 1 { place.end_line.saturating_sub(1) } else { place.end_line };
    last.max(place.line)
}
