//! provisional
use crate::trace::{ExtAuthz, Request, Via};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RequestSpec {
    from: String,
    to: String,
    protocol: Option<String>,
    method: Option<String>,
    path: Option<String>,
    authority: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    claims: Option<Map<String, Value>>,
    ext_authz: Option<String>,
    source_ip: Option<std::net::IpAddr>,
    waypoint: Option<String>,
}

pub(super) const FIELDS: [&str; 11] = [
    "from",
    "to",
    "protocol",
    "method",
    "path",
    "authority",
    "headers",
    "claims",
    "extAuthz",
    "sourceIp",
    "waypoint",
];

impl RequestSpec {
    pub(super) fn request(&self) -> Result<Request, String> {
        let mut r = Request::new(
            self.from.parse().map_err(|e| format!("{e}"))?,
            self.to.parse().map_err(|e| format!("{e}"))?,
        );
        if let Some(p) = &self.protocol {
            r.protocol = p.parse().map_err(|e| format!("{e}"))?;
        }
        if let Some(p) = &self.method {
            r.method.clone_from(p);
        }
        if let Some(p) = &self.path {
            r.path.clone_from(p);
        }
        r.authority.clone_from(&self.authority);
        r.headers = self.headers.clone().into_iter().collect();
        r.claims.clone_from(&self.claims);
        r.ext_authz = match self.ext_authz.as_deref() {
            Some("allow") => Some(ExtAuthz::Allow),
            Some(_) => Some(ExtAuthz::Deny),
            None => None,
        };
        r.source_address = self.source_ip;
        if let Some(w) = &self.waypoint {
            r.via = Via::Waypoint(w.parse().map_err(|e| format!("{e}"))?);
        }
        Ok(r)
    }
}
