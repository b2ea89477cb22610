//! `istioctl proxy-config routes`.

use envoy::config::listener::v3::Listener;
use envoy::config::route::v3::route::Action;
use envoy::config::route::v3::route_action::ClusterSpecifier;
use envoy::config::route::v3::route_match::PathSpecifier;
use envoy::config::route::v3::{Route, RouteConfiguration, RouteMatch};

use super::{Filter, Form, ProxyConfig, given, managed_by};
use crate::opened::OpenedListener;
use crate::resources::Part;
use crate::view::table::Table;

/// The route configurations inside a listener, in the order of its chains.
pub(crate) fn inline(listener: &Listener) -> Vec<RouteConfiguration> {
    OpenedListener::new(listener, &[]).routes().map(|(_, routes)| routes.message.clone()).collect()
}

/// The route configurations that a filter admits, in istioctl's order: those with a number for a name (a
/// sidecar's ports) by number, the others where they are.
#[must_use]
pub fn select<'c>(config: &'c ProxyConfig, filter: &Filter) -> Vec<&'c RouteConfiguration> {
    let wanted = |r: &&RouteConfiguration| given(&filter.name).is_none_or(|name| name == r.name);
    let mut routes: Vec<&RouteConfiguration> = config.routes.iter().filter(wanted).collect();
    routes.sort_by_key(|r| r.name.parse::<u64>().unwrap_or(0));
    routes
}

/// The table of routes.
#[must_use]
pub fn table(config: &ProxyConfig, filter: &Filter, form: Form) -> Table {
    let mut table = Table::new(&["NAME", "VHOST NAME", "DOMAINS", "MATCH", "VIRTUAL SERVICE"], 5);
    for configuration in select(config, filter) {
        let mut next = 0;
        for host in &configuration.virtual_hosts {
            let start = |rest: [String; 2]| {
                let mut row = vec![configuration.name.clone(), host.name.clone(), domains(&host.domains)];
                row.extend(rest);
                row
            };
            let positions = next..;
            next += u32::try_from(host.routes.len()).unwrap_or(u32::MAX);
            let routes = host.routes.iter().map(|route| route.decode().unwrap_or_default());
            let shown = positions.zip(routes).filter(|(_, route)| !is_passthrough(route));
            for (index, route) in shown {
                let row = start([path(route.r#match.as_ref(), form), managed_by(route.metadata.as_ref())]);
                let part = Part::Route { chain: configuration.name.as_str().into(), index };
                table.push(&configuration.name, part, row);
            }
            if host.routes.is_empty() {
                table.push(&configuration.name, Part::Resource, start(["/*".to_owned(), "404".to_owned()]));
            }
        }
    }
    table
}

/// Traffic that a sidecar lets through unrouted: not a route that anybody wrote.
fn is_passthrough(route: &Route) -> bool {
    let Some(Action::Route(action)) = &route.action else { return false };
    matches!(&action.cluster_specifier,
        Some(ClusterSpecifier::Cluster(name)) if name == "PassthroughCluster")
}

/// A match's path, as istioctl shows it; headers and the like are not shown.
pub(in crate::view) fn path(matched: Option<&RouteMatch>, form: Form) -> String {
    match matched.and_then(|m| m.path_specifier.as_ref()) {
        Some(PathSpecifier::Prefix(prefix)) if !prefix.is_empty() => format!("{prefix}*"),
        Some(PathSpecifier::PathSeparatedPrefix(prefix)) if form.shows_path_separated_prefixes() => {
            format!("PathPrefix:{prefix}")
        }
        Some(PathSpecifier::Path(path)) => path.clone(),
        Some(PathSpecifier::SafeRegex(regex)) => format!("regex {}", regex.regex),
        _ => String::new(),
    }
}

/// A virtual host's domains, shortened: at most two, without ports and without the longer forms of a name
/// that is there in its short form.
fn domains(all: &[String]) -> String {
    const SHOWN: usize = 2;
    if let [only] = all {
        return only.clone();
    }
    let portless: Vec<&String> = all
        .iter()
        .filter(|domain| match domain.matches(':').count() {
            0 => true,
            1 | 2 => false,
            _ => domain.ends_with(']'),
        })
        .collect();
    let repeats = |domain: &str| {
        [".svc.cluster.local", ".svc"]
            .iter()
            .filter_map(|suffix| domain.strip_suffix(suffix))
            .any(|short| portless.iter().any(|other| *other == short))
    };
    let names: Vec<&str> = portless.iter().map(|d| d.as_str()).filter(|d| !repeats(d)).collect();
    match names.get(..SHOWN) {
        Some(first) if names.len() > SHOWN => {
            format!("{} + {} more...", first.join(", "), names.len() - SHOWN)
        }
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::domains;

    fn shown(all: &[&str]) -> String {
        domains(&all.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn domains_are_shortened() {
        assert_eq!(shown(&["*"]), "*");
        assert_eq!(
            shown(&["reviews", "reviews:9080", "reviews.default.svc", "reviews.default"]),
            "reviews, reviews.default"
        );
        assert_eq!(shown(&["a", "b", "c", "d"]), "a, b + 2 more...");
        assert_eq!(shown(&["[fd00:10::1]", "[fd00:10::1]:80", "x"]), "[fd00:10::1], x");
    }
}
