//! The Gateway that asks for a waypoint, as `istioctl waypoint generate` prints it.

use serde_json::{Value, json};

use crate::json::object;
use crate::release::Release;
use crate::rules::Attachment;
use crate::well_known::WAYPOINT_CLASS;

/// The kinds of traffic that a waypoint can be for.
pub const TRAFFIC_TYPES: [&str; 4] = ["all", "none", "service", "workload"];
/// The name that nobody can use: the label `istio.io/use-waypoint: none` means no waypoint.
const RESERVED_NAME: &str = "none";

/// What a waypoint is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The Gateway's name; none = what istioctl calls it.
    pub name: Option<String>,
    /// The Gateway's namespace; none = the one that it is applied to.
    pub namespace: Option<String>,
    /// The service account that it is for (1.18); none = the whole namespace.
    pub service_account: Option<String>,
    /// The traffic that it is for (later releases), one of [`TRAFFIC_TYPES`].
    pub traffic: Option<String>,
    /// The revision of the control plane that runs it.
    pub revision: Option<String>,
}

/// What a release's waypoints can't be asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// The name means *no waypoint*.
    #[error("a waypoint can't be called `none`, which means no waypoint")]
    ReservedName,
    /// A kind of traffic that doesn't exist.
    #[error("unknown traffic type `{0}`: expected all, none, service or workload")]
    UnknownTraffic(String),
    /// Waypoints of 1.18 serve all traffic of a namespace or service account.
    #[error("waypoints of {0} are for a namespace or service account, not for a type of traffic")]
    NoTrafficTypes(Release),
    /// Waypoints of later releases serve what is labelled so.
    #[error("waypoints of {0} are not for service accounts: label what uses them with istio.io/use-waypoint")]
    NoServiceAccounts(Release),
}

/// The Gateway that istioctl of a release makes.
///
/// Source: <https://istio.io/latest/docs/reference/commands/istioctl/#istioctl-waypoint-generate>.
///
/// # Errors
///
/// When the release's waypoints can't be asked for that.
pub fn gateway(request: &Request, release: Release) -> Result<Value, RequestError> {
    let rules = crate::rules::Rules::of(release);
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (account, traffic) = (given(&request.service_account), given(&request.traffic));
    let default_name = match rules.waypoints.attachment {
        Attachment::ServiceAccount if traffic.is_some() => return Err(RequestError::NoTrafficTypes(release)),
        Attachment::UseWaypointLabel if account.is_some() => {
            return Err(RequestError::NoServiceAccounts(release));
        }
        Attachment::ServiceAccount => account.clone().unwrap_or_else(|| "namespace".to_owned()),
        Attachment::UseWaypointLabel => "waypoint".to_owned(),
    };
    let name = given(&request.name).unwrap_or(default_name);
    if rules.waypoints.attachment == Attachment::UseWaypointLabel && name == RESERVED_NAME {
        return Err(RequestError::ReservedName);
    }
    if let Some(unknown) = traffic.clone().filter(|traffic| !TRAFFIC_TYPES.contains(&traffic.as_str())) {
        return Err(RequestError::UnknownTraffic(unknown));
    }
    let labels = object([
        ("istio.io/rev", given(&request.revision).map(Value::from)),
        ("istio.io/waypoint-for", traffic.map(Value::from)),
    ]);
    let annotations = object([("istio.io/for-service-account", account.map(Value::from))]);
    Ok(json!({
        "apiVersion": rules.manifests.gateway_api_version,
        "kind": "Gateway",
        "metadata": object([
            ("annotations", non_empty(annotations)),
            ("labels", non_empty(labels)),
            ("name", Some(json!(name))),
            ("namespace", given(&request.namespace).map(Value::from)),
        ]),
        "spec": {
            "gatewayClassName": WAYPOINT_CLASS,
            "listeners": [{"name": "mesh", "port": 15_008, "protocol": "HBONE"}],
        },
    }))
}

fn non_empty(value: Value) -> Option<Value> {
    value.as_object().is_some_and(|fields| !fields.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_article_s_waypoint() {
        let request = Request {
            namespace: Some("default".into()),
            service_account: Some("bookinfo-reviews".into()),
            ..Request::default()
        };
        let expected = json!({
            "apiVersion": "gateway.networking.k8s.io/v1beta1",
            "kind": "Gateway",
            "metadata": {
                "annotations": {"istio.io/for-service-account": "bookinfo-reviews"},
                "name": "bookinfo-reviews",
                "namespace": "default",
            },
            "spec": {
                "gatewayClassName": "istio-waypoint",
                "listeners": [{"name": "mesh", "port": 15008, "protocol": "HBONE"}],
            },
        });
        assert_eq!(gateway(&request, Release::V1_18).unwrap(), expected);
    }

    #[test]
    fn a_waypoint_for_all_traffic() {
        let request =
            Request { traffic: Some("all".into()), revision: Some("canary".into()), ..Request::default() };
        let made = gateway(&request, Release::V1_31).unwrap();
        assert_eq!(made["apiVersion"], "gateway.networking.k8s.io/v1");
        let labels = json!({"istio.io/rev": "canary", "istio.io/waypoint-for": "all"});
        assert_eq!(made["metadata"], json!({"labels": labels, "name": "waypoint"}));
    }

    #[test]
    fn what_a_release_has_not_is_refused() {
        let made = |request: Request, release| gateway(&request, release).unwrap_err();
        let account = Request { service_account: Some("a".into()), ..Request::default() };
        assert_eq!(made(account, Release::V1_31), RequestError::NoServiceAccounts(Release::V1_31));
        let traffic = Request { traffic: Some("all".into()), ..Request::default() };
        assert_eq!(made(traffic, Release::V1_18), RequestError::NoTrafficTypes(Release::V1_18));
        let unknown = Request { traffic: Some("some".into()), ..Request::default() };
        assert_eq!(made(unknown, Release::V1_31), RequestError::UnknownTraffic("some".into()));
        let none = Request { name: Some("none".into()), ..Request::default() };
        assert_eq!(made(none, Release::V1_31), RequestError::ReservedName);
    }
}
