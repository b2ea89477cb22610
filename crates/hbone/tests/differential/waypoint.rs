//! A waypoint of a snapshot: what is generated for it, and the Envoy that runs that.

use std::path::PathBuf;

use generate::traffic::WAYPOINT;
use hbone::envoy::Envoy;
use hbone::loopback::Loopback;
use serde_json::{Value, json};
use waypoint_xds::dialect::Dialect;
use waypoint_xds::mesh::WaypointName;
use waypoint_xds::options::Options;
use waypoint_xds::release::Release;
use waypoint_xds::session::Session;
use waypoint_xds::snapshot::Snapshot;
use waypoint_xds::static_config::{StaticOptions, static_configuration};
use waypoint_xds::view::json;

use crate::surroundings::Surroundings;

/// A header by which a request is found again in logs.
pub(crate) const ASKED: &str = "x-asked";

pub(crate) struct Waypoint {
    pub(crate) session: Session,
    _envoy: Envoy,
    /// Where it takes tunnels.
    pub(crate) address: Loopback,
    /// What it says of each request.
    pub(crate) log: PathBuf,
}

/// The name of the waypoint that all snapshots have.
pub(crate) fn name() -> WaypointName {
    WaypointName::new(WAYPOINT.0, WAYPOINT.1)
}

/// What is generated of a snapshot; nothing where it has no waypoint.
pub(crate) fn session(
    around: &Surroundings,
    objects: &[Value],
    release: Release,
    dialect: Dialect,
) -> Option<Session> {
    let mut options = Options::for_release(release);
    options.waypoint = Some(name());
    options.dialect = dialect;
    let session = Session::new(Snapshot::read([around.file(objects)], &options.limits), &options);
    session.mesh().waypoints.iter().any(|waypoint| waypoint.name == name()).then_some(session)
}

impl Waypoint {
    /// Starts an Envoy with what was generated.
    pub(crate) async fn start(around: &Surroundings, session: Session) -> hbone::Result<Self> {
        let missing = || hbone::Error::Missing("waypoint in the snapshot".to_owned());
        let waypoint =
            session.mesh().waypoints.iter().find(|waypoint| waypoint.name == name()).ok_or_else(missing)?;
        let options = StaticOptions {
            certs: Some(around.directory.join("certs").to_string_lossy().into()),
            admin: Some(Loopback::any().into()),
            listen: Some(Loopback::any().into()),
            loopback: true,
        };
        let mut bootstrap = json::value(&static_configuration(session.mesh(), waypoint, &options).bootstrap);
        let log = around.directory.join("access.log");
        let _ = std::fs::remove_file(&log);
        keep_log(&mut bootstrap, &log.to_string_lossy());
        let envoy = Envoy::start(&around.envoy, &bootstrap, &around.directory).await?;
        let address = envoy.listener("connect_terminate").await?;
        Ok(Self { session, _envoy: envoy, address, log })
    }
}

/// Has each connection manager of the listener inside write what becomes of requests.
fn keep_log(bootstrap: &mut Value, path: &str) {
    let listeners = bootstrap.pointer_mut("/staticResources/listeners").and_then(Value::as_array_mut);
    for listener in listeners.into_iter().flatten().filter(|listener| listener["name"] == "main_internal") {
        add_log(listener, path);
    }
}

fn add_log(value: &mut Value, path: &str) {
    let is_manager = value
        .get("@type")
        .and_then(Value::as_str)
        .is_some_and(|name| name.ends_with(".HttpConnectionManager"));
    match value {
        Value::Object(fields) => {
            if is_manager {
                fields.insert("accessLog".to_owned(), json!([{
                    "name": "log",
                    "typedConfig": {
                        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                        "path": path,
                        "logFormat": {"jsonFormat": {
                            "asked": format!("%REQ({ASKED})%"), "status": "%RESPONSE_CODE%",
                            "details": "%RESPONSE_CODE_DETAILS%", "cluster": "%UPSTREAM_CLUSTER_RAW%",
                            "upstream": "%UPSTREAM_HOST%", "path": "%REQ(:PATH)%", "host": "%REQ(:AUTHORITY)%",
                            "method": "%REQ(:METHOD)%", "route": "%ROUTE_NAME%",
                        }},
                    },
                }]));
            }
            fields.values_mut().for_each(|field| add_log(field, path));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| add_log(item, path)),
        _ => {}
    }
}
