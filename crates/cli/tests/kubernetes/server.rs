//! As much of a Kubernetes API server as `kubectl get` asks of one: what there is, and lists in chunks.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Objects;
use crate::http;

/// How many objects are in one answer, however many are asked for: a server may give fewer.
const CHUNK: usize = 2;

/// A server on loopback, which ends with the test.
pub(crate) struct Server(http::Server);

impl Server {
    pub(crate) fn start(objects: Vec<Objects>) -> Self {
        Self(http::Server::start(move |path| {
            let (status, body) = answer(path, &objects);
            (format!("{status} -\r\nContent-Type: application/json"), body.to_string().into_bytes())
        }))
    }

    /// What was asked for: paths with their queries.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.0.asked()
    }

    /// Writes a configuration of kubectl: the context `here` is this server, `nowhere` is none.
    pub(crate) fn write_config(&self, folder: &Path) -> PathBuf {
        let config = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [
                {"name": "here", "cluster": {"server": format!("http://{}", self.0.address)}},
                {"name": "nowhere", "cluster": {"server": "http://127.0.0.1:1"}},
            ],
            "users": [{"name": "u", "user": {}}],
            "contexts": [
                {"name": "here", "context": {"cluster": "here", "user": "u"}},
                {"name": "nowhere", "context": {"cluster": "nowhere", "user": "u"}},
            ],
        });
        let path = folder.join("config");
        std::fs::write(&path, config.to_string()).unwrap();
        path
    }
}

fn answer(path: &str, all: &[Objects]) -> (u16, Value) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        ["api"] => (200, json!({"kind": "APIVersions", "versions": ["v1"]})),
        ["apis"] => (200, groups(all)),
        ["api", "v1"] => (200, resources(all, "", "v1")),
        ["apis", group, version] => (200, resources(all, group, version)),
        ["api", "v1", rest @ ..] => of(all, "", rest, query),
        ["apis", group, _, rest @ ..] => of(all, group, rest, query),
        _ => status(404, "NotFound", "the server could not find the requested resource"),
    }
}

fn groups(all: &[Objects]) -> Value {
    let groups = all.iter().filter(|objects| !objects.group.is_empty()).map(|objects| {
        let version = json!({"groupVersion": objects.api_version(), "version": objects.version});
        json!({"name": objects.group, "versions": [&version], "preferredVersion": version})
    });
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups.collect::<Vec<_>>()})
}

fn resources(all: &[Objects], group: &str, version: &str) -> Value {
    let of_group = all.iter().filter(|objects| (objects.group, objects.version) == (group, version));
    let resources: Vec<Value> = of_group
        .map(|objects| {
            json!({"name": objects.resource, "singularName": "", "namespaced": objects.namespaced,
                   "kind": objects.kind, "verbs": ["get", "list"]})
        })
        .collect();
    let name = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": name, "resources": resources})
}

/// What is below a version of a group: a list of all, one of a namespace, or one object.
fn of(all: &[Objects], group: &str, rest: &[&str], query: &str) -> (u16, Value) {
    let (namespace, resource, name) = match *rest {
        [resource] => (None, resource, None),
        ["namespaces", namespace, resource] => (Some(namespace), resource, None),
        ["namespaces", namespace, resource, name] => (Some(namespace), resource, Some(name)),
        [resource, name] => (None, resource, Some(name)),
        _ => return status(404, "NotFound", "the server could not find the requested resource"),
    };
    let Some(objects) = all.iter().find(|objects| (objects.group, objects.resource) == (group, resource))
    else {
        return status(404, "NotFound", "the server could not find the requested resource");
    };
    match objects.refused {
        Some(403) => {
            return status(403, "Forbidden", &format!("{resource} is forbidden: User cannot list them"));
        }
        Some(_) => return status(404, "NotFound", "the server could not find the requested resource"),
        None => {}
    }
    let typed = |object: &Value| {
        let mut object = object.clone();
        object["apiVersion"] = objects.api_version().into();
        object["kind"] = objects.kind.into();
        object
    };
    let is_wanted = |object: &&Value| namespace.is_none_or(|name| object["metadata"]["namespace"] == name);
    if let Some(name) = name {
        let mut wanted = objects.objects.iter().filter(is_wanted);
        let found = wanted.find(|object| object["metadata"]["name"] == name);
        return found.map_or_else(|| status(404, "NotFound", "not found"), |found| (200, typed(found)));
    }
    let wanted: Vec<Value> = objects.objects.iter().filter(is_wanted).map(typed).collect();
    let start: usize = parameter(query, "continue").and_then(|text| text.parse().ok()).unwrap_or(0);
    let limited = parameter(query, "limit").is_some();
    let end = if limited { (start + CHUNK).min(wanted.len()) } else { wanted.len() };
    let mut metadata = json!({"resourceVersion": "7"});
    if end < wanted.len() {
        metadata["continue"] = end.to_string().into();
    }
    let kind = format!("{}List", objects.kind);
    (
        200,
        json!({"kind": kind, "apiVersion": objects.api_version(), "metadata": metadata, "items": wanted[start..end]}),
    )
}

fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    query
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
        .map(|(_, value)| value)
}

fn status(code: u16, reason: &str, message: &str) -> (u16, Value) {
    let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
                      "reason": reason, "code": code});
    (code, body)
}
