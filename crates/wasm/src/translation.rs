//! What was made of a snapshot.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::Value;
use wasm_bindgen::prelude::*;
use waypoint_xds::Session;
use waypoint_xds::cost::Cost;
use waypoint_xds::describe::{NotASubjectKind, Subject, SubjectKind};
use waypoint_xds::expect::is_tests;
use waypoint_xds::lint::{Baseline, BaselineError};
use waypoint_xds::options::{Options, Settings};
use waypoint_xds::release::Release;
use waypoint_xds::resources::WaypointResources;
use waypoint_xds::text::SourceFile;
use waypoint_xds::trace::classes::access::{AccessQuery, AccessSpec};
use waypoint_xds::trace::{Request, RequestSpec};
use waypoint_xds::view::fields::{self, Field};
use waypoint_xds::view::resource::{self, AnyResource, List};
use waypoint_xds::view::ztunnel::{self, Filter, ZtunnelConfig};
use waypoint_xds::view::{
    access, cost_picture, description, difference, json, origins, statuses, tested, trace,
};

use crate::error::Error;
use crate::snapshot::Snapshot;

/// The resources of every waypoint, and what they were made from.
#[wasm_bindgen(js_name = RawTranslation)]
#[derive(Debug)]
pub struct Translation {
    session: Session,
}

/// Translates a snapshot. The settings are JSON.
///
/// # Errors
///
/// When a setting is not one of those expected, or the snapshot does not have the waypoint that is asked for.
#[wasm_bindgen]
pub fn translate(snapshot: &Snapshot, settings: &str) -> Result<Translation, Error> {
    let session = session(snapshot, settings)?;
    session.has_wanted().map_err(|error| Error::new("unknown-waypoint", &error))?;
    session.translation();
    Ok(Translation { session })
}

/// Every known release, oldest first: a JSON array.
#[wasm_bindgen]
#[must_use]
pub fn releases() -> String {
    let names: Vec<&str> = Release::ALL.iter().map(|release| release.as_str()).collect();
    json::to_value(&names).to_string()
}

/// What distributing configuration costs, as JSON. The settings are JSON; the rule is `namespace` or `mesh`.
///
/// # Errors
///
/// When a setting or the rule is not one of those expected.
#[wasm_bindgen]
pub fn cost(
    snapshot: &Snapshot,
    settings: &str,
    rule: Option<String>,
    replicas: Option<u32>,
) -> Result<String, Error> {
    Ok(json::to_value(&compared(snapshot, settings, rule, replicas)?).to_string())
}

/// The same as a picture, SVG.
///
/// # Errors
///
/// When a setting or the rule is not one of those expected.
#[wasm_bindgen(js_name = costSvg)]
pub fn cost_svg(
    snapshot: &Snapshot,
    settings: &str,
    rule: Option<String>,
    replicas: Option<u32>,
) -> Result<String, Error> {
    Ok(cost_picture::svg(&compared(snapshot, settings, rule, replicas)?))
}

fn compared(
    snapshot: &Snapshot,
    settings: &str,
    rule: Option<String>,
    replicas: Option<u32>,
) -> Result<Cost, Error> {
    let rule = rule.as_deref().map(str::parse).transpose();
    let rule = rule.map_err(|error: waypoint_xds::cost::UnknownRule| Error::new("unknown-rule", &error))?;
    Ok(session(snapshot, settings)?.cost(rule.unwrap_or_default(), replicas.map(u64::from)))
}

fn session(snapshot: &Snapshot, settings: &str) -> Result<Session, Error> {
    Ok(Session::new(Arc::clone(&snapshot.reading), &options(settings)?))
}

fn options(settings: &str) -> Result<Options, Error> {
    Ok(parsed::<Settings>(settings)?.options()?)
}

/// Waypoints and resources are found by their position: JavaScript holds no more of them than that.
#[wasm_bindgen(js_class = RawTranslation)]
impl Translation {
    /// The release whose layout this is.
    #[must_use]
    pub fn release(&self) -> String {
        self.made().release.to_string()
    }

    /// The waypoints' names: a JSON array.
    #[must_use]
    pub fn waypoints(&self) -> String {
        let names: Vec<String> = self.made().waypoints.iter().map(|w| w.waypoint.to_string()).collect();
        json::to_value(&names).to_string()
    }

    /// Everything that is wrong: a JSON array of problems.
    #[must_use]
    pub fn problems(&self) -> String {
        json::to_value(&self.made().problems).to_string()
    }

    /// Everything that is to be said of the snapshot, as far as a selection reports it and a baseline does
    /// not have it: a JSON array of problems. The selection is JSON, the baseline the text of one.
    ///
    /// # Errors
    ///
    /// When the selection has something that is none of those expected, or the baseline is none.
    pub fn lint(&self, selection: &str, baseline: Option<String>) -> Result<String, Error> {
        let invalid = |error: BaselineError| Error::new("invalid-baseline", &error);
        let baseline: Option<Baseline> = baseline.as_deref().map(str::parse).transpose().map_err(invalid)?;
        let found = self.session.lint_against(baseline.as_ref(), &parsed(selection)?);
        Ok(json::to_value(&found).to_string())
    }

    /// The text of a baseline that has all that a selection reports.
    ///
    /// # Errors
    ///
    /// When the selection has something that is none of those expected.
    pub fn baseline(&self, selection: &str) -> Result<String, Error> {
        Ok(Baseline::of(&self.session.lint_with(&parsed(selection)?)).to_string())
    }

    /// What was read and what was not, as JSON.
    #[must_use]
    pub fn summary(&self) -> String {
        json::to_value(&self.made().summary).to_string()
    }

    /// Every condition that Istio would write into the objects' statuses: a JSON array.
    #[must_use]
    pub fn status(&self) -> String {
        statuses::json(&self.session.statuses()).to_string()
    }

    /// What ztunnels get, as JSON.
    ///
    /// # Errors
    ///
    /// For a release of which that is not known.
    pub fn ztunnel(&self) -> Result<String, Error> {
        let resources = self.session.ztunnel().map_err(|error| Error::new("unknown-ztunnel", &error))?;
        Ok(ztunnel::all(&ZtunnelConfig::from(&resources)).to_string())
    }

    /// A table of istioctl's about ztunnel, and what made each row, as JSON.
    ///
    /// # Errors
    ///
    /// For a release of which that is not known, and when there is no such kind of table.
    #[wasm_bindgen(js_name = ztunnelTable)]
    pub fn ztunnel_table(&self, kind: &str) -> Result<String, Error> {
        let kind = kind.parse().map_err(|error: ztunnel::UnknownKind| Error::new("unknown-kind", &error))?;
        let resources = self.session.ztunnel().map_err(|error| Error::new("unknown-ztunnel", &error))?;
        let config = ZtunnelConfig::from(&resources);
        let table = ztunnel::located(&config, kind, &Filter::default(), &self.session.places());
        Ok(json::to_value(&table).to_string())
    }

    /// Where fields stand, given as JSON: a JSON array with a place or null for each.
    ///
    /// # Errors
    ///
    /// When that is no list of fields.
    pub fn places(&self, fields: &str) -> Result<String, Error> {
        let fields: Vec<Field> = parsed(fields)?;
        Ok(json::to_value(&fields::places(self.session.input(), &fields)).to_string())
    }

    /// All about one object, as JSON.
    ///
    /// # Errors
    ///
    /// When there is no such object, or several of that name.
    pub fn describe(&self, kind: &str, name: &str, namespace: Option<String>) -> Result<String, Error> {
        let kind: SubjectKind =
            kind.parse().map_err(|unknown: NotASubjectKind| Error::new("unknown-kind", &unknown))?;
        let subject = Subject::new(kind, name, namespace.as_deref());
        let found =
            self.session.describe(&subject).map_err(|error| Error::new("object-not-found", &error))?;
        let json = description::json(&found).map_err(|error| Error::new("internal-error", &error))?;
        Ok(json.to_string())
    }

    /// What is different in another translation, as JSON.
    ///
    /// # Errors
    ///
    /// When what differs has no JSON, which does not happen.
    pub fn diff(&self, new: &Self) -> Result<String, Error> {
        let (old, new) = (&self.session, &new.session);
        let json = difference::json(&old.diff(new), &old.places(), &new.places());
        Ok(json.map_err(|error| Error::new("internal-error", &error))?.to_string())
    }

    /// Who may do what, as JSON with a `text`. The query is JSON.
    ///
    /// # Errors
    ///
    /// When it is no query, or the snapshot does not have who asks or who is asked.
    pub fn access(&self, query: &str) -> Result<String, Error> {
        let spec: AccessSpec =
            serde_json::from_str(query).map_err(|error| Error::new("invalid-query", &error))?;
        let query = AccessQuery::try_from(spec).map_err(|error| Error::new("invalid-query", &error))?;
        let found = self.session.access(&query).map_err(|error| Error::new("object-not-found", &error))?;
        let places = self.session.places();
        let mut json = access::json(&found, &places).map_err(|error| Error::new("internal-error", &error))?;
        if let Some(fields) = json.as_object_mut() {
            fields.insert("text".to_owned(), access::text(&found, &places).into());
        }
        Ok(json.to_string())
    }

    /// What comes of the requests in files of tests, and whether that is what they expect, as JSON. The names
    /// of the files, and their texts in the same order: those that are no tests are what tests add to the
    /// snapshot.
    ///
    /// # Errors
    ///
    /// When what came has no JSON, which does not happen.
    #[wasm_bindgen(js_name = runTests)]
    pub fn run_tests(&self, names: Vec<String>, texts: Vec<String>) -> Result<String, Error> {
        let files = names.into_iter().zip(texts).map(|(name, text)| SourceFile::new(name, text));
        let (tests, others): (Vec<_>, Vec<_>) = files.partition(|file| is_tests(file.text()));
        let setup = |path: &str| {
            let found = others.iter().find(|file| file.name() == path).cloned();
            found.map(|file| vec![file]).ok_or_else(|| format!("there is no file `{path}` among those given"))
        };
        let report = self.session.suites(&tests, &setup).run();
        let json = tested::json(&report).map_err(|error| Error::new("internal-error", &error))?;
        Ok(json.to_string())
    }

    /// What comes of a request, and why, as JSON with a `text`. The request is JSON.
    ///
    /// # Errors
    ///
    /// When it is no request, or the snapshot does not have who asks or who is asked.
    pub fn trace(&self, request: &str) -> Result<String, Error> {
        let spec: RequestSpec =
            serde_json::from_str(request).map_err(|error| Error::new("invalid-request", &error))?;
        let request = Request::try_from(spec).map_err(|error| Error::new(error.code(), &error))?;
        let traced = self.session.trace(&request).map_err(|error| Error::new("object-not-found", &error))?;
        let places = self.session.places();
        let mut json = trace::json(&traced, &places).map_err(|error| Error::new("internal-error", &error))?;
        if let Some(fields) = json.as_object_mut() {
            fields.insert("text".to_owned(), trace::text(&traced, &places, false).into());
        }
        Ok(json.to_string())
    }

    /// All resources of all waypoints as JSON.
    #[wasm_bindgen(js_name = toJson)]
    #[must_use]
    pub fn to_json(&self) -> String {
        json::translation(self.made())
    }

    /// A list of a waypoint's resources: a JSON array of their names and their types' URLs.
    ///
    /// # Errors
    ///
    /// When there is no such waypoint or list.
    pub fn resources(&self, waypoint: usize, list: &str) -> Result<String, Error> {
        let resources = resource::all(self.waypoint(waypoint)?, self::list(list)?);
        let heads: Vec<_> = resources.iter().map(|resource| (resource.name(), resource.type_url())).collect();
        Ok(json::to_value(&heads).to_string())
    }

    /// Why the resources of a list exist: a JSON array with an array for each.
    ///
    /// # Errors
    ///
    /// When there is no such waypoint or list.
    pub fn origins(&self, waypoint: usize, list: &str) -> Result<String, Error> {
        let resources = resource::all(self.waypoint(waypoint)?, self::list(list)?);
        let places = self.session.places();
        let origins: Vec<_> = resources.iter().map(|r| origins::entries(r.origins(), &places)).collect();
        Ok(json::to_value(&origins).to_string())
    }

    /// A resource as JSON.
    ///
    /// # Errors
    ///
    /// When there is no such waypoint, list or resource.
    #[wasm_bindgen(js_name = resourceJson)]
    pub fn resource_json(&self, waypoint: usize, list: &str, index: usize) -> Result<String, Error> {
        Ok(self.resource(waypoint, list, index)?.to_json())
    }

    /// A resource as an encoded message.
    ///
    /// # Errors
    ///
    /// When there is no such waypoint, list or resource.
    #[wasm_bindgen(js_name = resourceBytes)]
    pub fn resource_bytes(&self, waypoint: usize, list: &str, index: usize) -> Result<Vec<u8>, Error> {
        Ok(self.resource(waypoint, list, index)?.to_bytes())
    }

    /// A table of istioctl's, as JSON.
    ///
    /// # Errors
    ///
    /// When there is no such waypoint or kind of table.
    pub fn table(&self, waypoint: usize, kind: &str, wide: bool) -> Result<String, Error> {
        let kind = kind.parse().map_err(|error: json::UnknownKind| Error::new("unknown-list", &error))?;
        let table = self.session.table(self.waypoint(waypoint)?, kind, wide);
        Ok(json::to_value(&table).to_string())
    }

    /// The graph from listeners to endpoints, as JSON.
    ///
    /// # Errors
    ///
    /// When there is no such waypoint.
    pub fn graph(&self, waypoint: usize) -> Result<String, Error> {
        Ok(json::to_value(&self.session.graph(self.waypoint(waypoint)?)).to_string())
    }

    /// What a waypoint's Envoy starts with, as JSON.
    ///
    /// # Errors
    ///
    /// When there is no such waypoint.
    pub fn bootstrap(&self, waypoint: usize) -> Result<String, Error> {
        let found = self.session.waypoint(Some(&self.waypoint(waypoint)?.waypoint));
        let found = found.map_err(|error| Error::new("unknown-waypoint", &error))?;
        Ok(self.session.bootstrap(found).to_string())
    }

    /// A waypoint's resources as Envoy's `/config_dump` would print them.
    ///
    /// # Errors
    ///
    /// When there is no such waypoint.
    #[wasm_bindgen(js_name = configDump)]
    pub fn config_dump(&self, waypoint: usize) -> Result<String, Error> {
        Ok(json::config_dump(self.waypoint(waypoint)?))
    }
}

impl Translation {
    fn made(&self) -> &waypoint_xds::Translation {
        self.session.translation()
    }

    fn waypoint(&self, index: usize) -> Result<&WaypointResources, Error> {
        let waypoint = self.made().waypoints.get(index);
        waypoint.ok_or_else(|| Error::new("no-such-waypoint", &format_args!("there is no waypoint {index}")))
    }

    fn resource(&self, waypoint: usize, list: &str, index: usize) -> Result<&dyn AnyResource, Error> {
        let resource = resource::get(self.waypoint(waypoint)?, self::list(list)?, index);
        resource.ok_or_else(|| Error::new("no-such-resource", &format_args!("there is no resource {index}")))
    }
}

/// What a JSON text says. The text is made by the package: where it is wrong in it tells nobody anything.
fn parsed<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    let invalid = |error| Error::new("invalid-options", &error);
    let value: Value = serde_json::from_str(json).map_err(invalid)?;
    serde_json::from_value(value).map_err(invalid)
}

fn list(name: &str) -> Result<List, Error> {
    name.parse().map_err(|error: resource::UnknownList| Error::new("unknown-list", &error))
}
