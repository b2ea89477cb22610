//! The comparison of sidecars and waypoints as a picture: namespaces as boxes, in them the proxies with the
//! configurations that each holds as circles, sidecars beside waypoints. One Service is taken to change: the
//! proxies that are told of it are marked.
//!
//! What is too much for a picture is counted instead.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::Str;
use crate::cost::{Cost, NamespaceCost, Rule};
use crate::view::cost::{counted, grouped, percent};
use crate::view::xml::escaped;

/// As many namespaces, proxies of one sort in a namespace, and circles in a proxy are drawn at most.
const NAMESPACES: usize = 12;
const PROXIES: usize = 6;
const CIRCLES: usize = 24;

/// In pixels.
const WIDTH: usize = 920;
const COLUMN: usize = 440;
const ACROSS: usize = 8;
const PITCH: usize = 12;
const PADDING: usize = 12;
const PROXY: usize = ACROSS * PITCH + PADDING;
const PROXIES_ACROSS: usize = 3;
const GAP: usize = 10;
const LINE: usize = 20;

/// Colours are the page's where it has some of these names.
const STYLE: &str = ".cost-picture text{font:12px system-ui,sans-serif;fill:var(--text,#1a2233)}\
.cost-title{font-size:14px;font-weight:600}.cost-muted{fill:var(--muted,#5a6579)}\
.cost-box{fill:var(--code-background,#fcfcfd);stroke:var(--border,#dde1e9)}\
.cost-proxy{fill:var(--raised,#fff);stroke:var(--line,#b6bfce)}\
.cost-told{stroke:var(--error,#c62f3b);stroke-width:2.5}\
.cost-changed{stroke:var(--error,#c62f3b);stroke-width:2.5}";

/// A Service: its namespace and host.
type Service<'c> = (&'c Str, &'c Str);

/// Proxies that hold the same.
struct Proxies<'c> {
    name: String,
    count: u64,
    holds: Vec<Service<'c>>,
}

/// The picture as the text of an SVG file.
#[must_use]
pub fn svg(cost: &Cost) -> String {
    let picture = Picture::new(cost);
    let mut body = String::new();
    let mut y = picture.heading(&mut body);
    for namespace in cost.namespaces.iter().take(NAMESPACES) {
        y += picture.namespace(&mut body, y, namespace) + GAP;
    }
    if let Some(more) = cost.namespaces.len().checked_sub(NAMESPACES).filter(|more| *more > 0) {
        text(&mut body, 0, y + LINE, "cost-muted", &format!("and {more} namespaces more"));
        y += LINE + GAP;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"cost-picture\" width=\"{WIDTH}\" height=\"{y}\" \
         viewBox=\"-1 0 {} {y}\" role=\"img\" aria-label=\"{}\"><style>{STYLE}</style>{body}</svg>\n",
        WIDTH + 2,
        escaped(&picture.summary()),
    )
}

struct Picture<'c> {
    cost: &'c Cost,
    /// Each namespace's position: its colour.
    hues: BTreeMap<&'c Str, usize>,
    /// The Service that changes.
    changed: Option<Service<'c>>,
    all: Vec<Service<'c>>,
}

impl<'c> Picture<'c> {
    fn new(cost: &'c Cost) -> Self {
        let hues = cost.namespaces.iter().map(|namespace| &namespace.namespace).zip(0..).collect();
        let services = |namespace: &'c NamespaceCost| {
            namespace.hosts.iter().map(move |host| (&namespace.namespace, host))
        };
        let all: Vec<Service<'_>> = cost.namespaces.iter().flat_map(services).collect();
        Self { cost, hues, changed: most_told(cost).or_else(|| all.first().copied()), all }
    }

    fn summary(&self) -> String {
        let total = self.cost.total;
        format!(
            "Sidecars hold {} configurations, waypoints {} ({})",
            grouped(total.sidecars),
            grouped(total.waypoints),
            percent(total)
        )
    }

    /// What each side holds, and what is pushed for a change.
    fn heading(&self, out: &mut String) -> usize {
        let total = self.cost.total;
        let right = WIDTH - COLUMN;
        text(out, 0, 16, "cost-title", &format!("Sidecars: {} configurations", grouped(total.sidecars)));
        let waypoints =
            format!("Waypoints: {} configurations ({})", grouped(total.waypoints), percent(total));
        text(out, right, 16, "cost-title", &waypoints);
        let Some((namespace, host)) = self.changed else { return LINE + GAP };
        let change = self.cost.namespaces.iter().find(|n| n.namespace == *namespace).map(|n| n.change);
        let told = change.unwrap_or_default();
        let name = host.split('.').next().unwrap_or(host);
        let said = format!("{namespace}/{name} changes: {}", pushed(told.sidecars, "sidecar"));
        text(out, 0, 16 + LINE, "cost-muted", &said);
        text(out, right, 16 + LINE, "cost-muted", &pushed(told.waypoints, "waypoint"));
        2 * LINE + GAP
    }

    /// A namespace's sidecars beside its waypoints; gives the height.
    fn namespace(&self, out: &mut String, y: usize, namespace: &'c NamespaceCost) -> usize {
        let sidecars = self.sidecars(namespace);
        let waypoints = self.waypoints(namespace);
        let height = height(std::slice::from_ref(&sidecars)).max(height(&waypoints));
        let left = format!("{}: {}", namespace.namespace, counted(namespace.sidecars, "sidecar"));
        let right = format!("{}: {}", namespace.namespace, counted(namespace.waypoints, "waypoint"));
        self.column(out, (0, y, height), &left, std::slice::from_ref(&sidecars));
        self.column(out, (WIDTH - COLUMN, y, height), &right, &waypoints);
        height
    }

    fn sidecars(&self, namespace: &'c NamespaceCost) -> Proxies<'c> {
        let holds = match self.cost.rule {
            Rule::Namespace => namespace.hosts.iter().map(|host| (&namespace.namespace, host)).collect(),
            Rule::Mesh => self.all.clone(),
        };
        Proxies { name: "sidecar".to_owned(), count: namespace.sidecars, holds }
    }

    fn waypoints(&self, namespace: &'c NamespaceCost) -> Vec<Proxies<'c>> {
        let waypoints = namespace.proxies.iter().map(|waypoint| Proxies {
            name: format!("waypoint {}", waypoint.name),
            count: waypoint.replicas,
            holds: waypoint.holds.iter().map(|(namespace, host)| (namespace, host)).collect(),
        });
        waypoints.collect()
    }

    fn column(
        &self,
        out: &mut String,
        (x, y, height): (usize, usize, usize),
        title: &str,
        all: &[Proxies<'c>],
    ) {
        let _ = write!(
            out,
            "<rect class=\"cost-box\" x=\"{x}\" y=\"{y}\" width=\"{COLUMN}\" height=\"{height}\" rx=\"8\"/>"
        );
        text(out, x + PADDING, y + LINE, "", title);
        let mut top = y + LINE + GAP;
        for proxies in all {
            let (drawn, more) = drawn(proxies.count);
            let size = proxy_height(proxies);
            for position in 0..drawn {
                let at = (
                    x + PADDING + (position % PROXIES_ACROSS) * (PROXY + GAP),
                    top + position / PROXIES_ACROSS * (size + GAP),
                );
                self.proxy(out, at, proxies);
            }
            top += drawn.div_ceil(PROXIES_ACROSS) * (size + GAP);
            if more > 0 {
                let said = format!("and {} like these", grouped(more));
                text(out, x + PADDING, top + LINE - GAP, "cost-muted", &said);
                top += LINE;
            }
        }
    }

    fn proxy(&self, out: &mut String, (x, y): (usize, usize), proxies: &Proxies<'c>) {
        let is_told = self.changed.is_some_and(|changed| proxies.holds.contains(&changed));
        let told = if is_told { " cost-told" } else { "" };
        let size = proxy_height(proxies);
        let name = format!("{}: {}", proxies.name, counted(proxies.holds.len() as u64, "configuration"));
        let _ = write!(
            out,
            "<g><title>{}</title><rect class=\"cost-proxy{told}\" x=\"{x}\" y=\"{y}\" width=\"{PROXY}\" \
             height=\"{size}\" rx=\"6\"/>",
            escaped(&name)
        );
        let (circles, more) = circles(proxies);
        // The Service that changes is seen in any case.
        let shown = proxies.holds.iter().filter(|service| Some(**service) == self.changed);
        let others = proxies.holds.iter().filter(|service| Some(**service) != self.changed);
        for (position, service) in shown.chain(others).take(circles).enumerate() {
            let center = (
                x + PADDING / 2 + PITCH / 2 + (position % ACROSS) * PITCH,
                y + PADDING / 2 + PITCH / 2 + position / ACROSS * PITCH,
            );
            self.circle(out, center, *service);
        }
        if more > 0 {
            let bottom = y + size - PADDING / 2;
            text(out, x + PADDING / 2, bottom, "cost-muted", &format!("and {} more", grouped(more)));
        }
        out.push_str("</g>");
    }

    fn circle(&self, out: &mut String, (x, y): (usize, usize), service: Service<'c>) {
        let hue = self.hues.get(service.0).copied().unwrap_or_default() * 137;
        // Red is for who gets a push.
        let hue = (hue + 215) % 360;
        let place = self.cost.namespaces.iter().find(|n| n.namespace == *service.0);
        let shade = place.and_then(|n| n.hosts.iter().position(|host| host == service.1)).unwrap_or_default();
        let lightness = 42 + shade % 3 * 12;
        let changed = if Some(service) == self.changed { " class=\"cost-changed\"" } else { "" };
        let _ = write!(
            out,
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"4.5\" fill=\"hsl({hue}, 60%, {lightness}%)\"{changed}/>"
        );
    }
}

/// The Service that most replicas of waypoints hold, the first of several.
fn most_told(cost: &Cost) -> Option<Service<'_>> {
    let mut told = BTreeMap::<Service<'_>, u64>::new();
    for waypoint in cost.namespaces.iter().flat_map(|namespace| &namespace.proxies) {
        for (namespace, host) in &waypoint.holds {
            *told.entry((namespace, host)).or_default() += waypoint.replicas;
        }
    }
    let most = told.values().max().copied()?;
    told.into_iter().find(|(_, count)| *count == most).map(|(service, _)| service)
}

fn pushed(count: u64, noun: &str) -> String {
    format!("push to {}", counted(count, noun))
}

/// How many of so many proxies are drawn, and how many are only counted.
fn drawn(count: u64) -> (usize, u64) {
    let fits = usize::try_from(count).unwrap_or(usize::MAX).min(PROXIES);
    let drawn = if count > fits as u64 { PROXIES_ACROSS } else { fits };
    (drawn, count - drawn as u64)
}

/// The same for the configurations of one.
fn circles(proxies: &Proxies<'_>) -> (usize, u64) {
    let count = proxies.holds.len();
    let drawn = if count > CIRCLES { CIRCLES - ACROSS } else { count };
    (drawn, (count - drawn) as u64)
}

fn proxy_height(proxies: &Proxies<'_>) -> usize {
    let (drawn, more) = circles(proxies);
    drawn.div_ceil(ACROSS).max(1) * PITCH + PADDING + if more > 0 { PITCH + 4 } else { 0 }
}

/// The height of a namespace's box.
fn height(all: &[Proxies<'_>]) -> usize {
    let rows = all.iter().map(|proxies| {
        let (drawn, more) = drawn(proxies.count);
        drawn.div_ceil(PROXIES_ACROSS) * (proxy_height(proxies) + GAP) + if more > 0 { LINE } else { 0 }
    });
    LINE + GAP + rows.sum::<usize>() + GAP / 2
}

fn text(out: &mut String, x: usize, y: usize, class: &str, content: &str) {
    let _ = write!(out, "<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{}</text>", escaped(content));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Options;
    use crate::session::Session;
    use crate::text::SourceFile;

    fn picture(rule: Rule) -> String {
        let yaml = include_str!("../../testdata/bookinfo-namespace.yaml");
        let session = Session::read([SourceFile::new("bookinfo.yaml", yaml)], &Options::default());
        svg(&session.cost(rule, None))
    }

    #[test]
    fn every_configuration_is_a_circle_where_there_are_few() {
        let yaml = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: w, namespace: a}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: a, labels: {istio.io/use-waypoint: w}}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: a}
spec: {}
status: {phase: Running, podIP: 10.1.0.1}
";
        let session = Session::read([SourceFile::new("a.yaml", yaml)], &Options::default());
        let picture = svg(&session.cost(Rule::Namespace, None));
        // One in the sidecar, one in each of the two replicas.
        assert_eq!(picture.matches("<circle").count(), 3);
        assert_eq!(picture.matches("cost-proxy cost-told").count(), 3);
        assert!(picture.contains("a/s changes: push to 1 sidecar"), "{picture}");
    }

    #[test]
    fn it_is_well_formed_and_large_meshes_are_counted() {
        for rule in [Rule::Namespace, Rule::Mesh] {
            let picture = picture(rule);
            assert!(picture.starts_with("<svg xmlns=") && picture.ends_with("</svg>\n"));
            for tag in ["g", "title", "text", "style"] {
                let opened = picture.matches(&format!("<{tag}>")).count()
                    + picture.matches(&format!("<{tag} ")).count();
                assert_eq!(opened, picture.matches(&format!("</{tag}>")).count(), "{tag}");
            }
        }
        let (few, many) = (drawn(6), drawn(250));
        assert_eq!((few, many), ((6, 0), (3, 247)));
    }
}
