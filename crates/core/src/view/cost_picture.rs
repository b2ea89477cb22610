//! The comparison of sidecars and waypoints as a picture: namespaces as boxes, in them the proxies with the
//! configurations that each holds as circles, sidecars beside waypoints. One Service is taken to change: the
//! proxies that are told of it are marked.
//!
//! What is too much for a picture is counted instead.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::Str;
use crate::cost::{Cost, NamespaceCost, Rule, WaypointCost};
use crate::view::cost::{counted, grouped, percent};
use crate::view::xml::escaped;

/// As many namespaces, different waypoints of a namespace, proxies of one sort in it, and circles in a proxy
/// are drawn at most.
const NAMESPACES: usize = 12;
const WAYPOINTS: usize = 4;
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

/// What one side of a namespace's box shows.
struct Column<'c> {
    all: Vec<Proxies<'c>>,
    /// How many different ones are only counted.
    more: u64,
}

impl Column<'_> {
    /// The height of the box that takes it.
    fn height(&self) -> usize {
        let rows = self.all.iter().map(|proxies| {
            let (drawn, more) = drawn(proxies.count);
            drawn.div_ceil(PROXIES_ACROSS) * (proxy_height(proxies) + GAP) + if more > 0 { LINE } else { 0 }
        });
        LINE + GAP + rows.sum::<usize>() + GAP / 2 + if self.more > 0 { LINE } else { 0 }
    }
}

/// The picture as the text of an SVG file.
#[must_use]
pub fn svg(cost: &Cost) -> String {
    let picture = Picture::new(cost);
    let mut body = String::new();
    let mut y = picture.heading(&mut body);
    let all: Vec<&NamespaceCost> = cost.namespaces.iter().collect();
    let (shown, more) = first(all, NAMESPACES, |namespace| picture.is_told_in(namespace));
    for namespace in shown {
        y += picture.namespace(&mut body, y, namespace) + GAP;
    }
    if more > 0 {
        text(&mut body, 0, y + LINE, "cost-muted", &and_more(more, "namespace"));
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

    /// Whether a waypoint of a namespace holds the Service that changes.
    fn is_told_in(&self, namespace: &NamespaceCost) -> bool {
        namespace.proxies.iter().any(|waypoint| self.is_told(waypoint))
    }

    fn is_told(&self, waypoint: &WaypointCost) -> bool {
        self.changed.is_some_and(|changed| waypoint.holds.iter().any(|(of, host)| (of, host) == changed))
    }

    /// A namespace's sidecars beside its waypoints; gives the height.
    fn namespace(&self, out: &mut String, y: usize, namespace: &'c NamespaceCost) -> usize {
        let sidecars = Column { all: vec![self.sidecars(namespace)], more: 0 };
        let waypoints = self.waypoints(namespace);
        let height = sidecars.height().max(waypoints.height());
        let left = format!("{}: {}", namespace.namespace, counted(namespace.sidecars, "sidecar"));
        let right = format!("{}: {}", namespace.namespace, counted(namespace.waypoints, "waypoint"));
        self.column(out, (0, y, height), &left, &sidecars);
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

    fn waypoints(&self, namespace: &'c NamespaceCost) -> Column<'c> {
        let all: Vec<&WaypointCost> = namespace.proxies.iter().collect();
        let (shown, more) = first(all, WAYPOINTS, |waypoint| self.is_told(waypoint));
        let proxies = |waypoint: &'c WaypointCost| Proxies {
            name: format!("waypoint {}", waypoint.name),
            count: waypoint.replicas,
            holds: waypoint.holds.iter().map(|(namespace, host)| (namespace, host)).collect(),
        };
        Column { all: shown.into_iter().map(proxies).collect(), more }
    }

    fn column(
        &self,
        out: &mut String,
        (x, y, height): (usize, usize, usize),
        title: &str,
        column: &Column<'c>,
    ) {
        let _ = write!(
            out,
            "<rect class=\"cost-box\" x=\"{x}\" y=\"{y}\" width=\"{COLUMN}\" height=\"{height}\" rx=\"8\"/>"
        );
        text(out, x + PADDING, y + LINE, "", title);
        let mut top = y + LINE + GAP;
        for proxies in &column.all {
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
        if column.more > 0 {
            text(out, x + PADDING, top + LINE - GAP, "cost-muted", &and_more(column.more, "waypoint"));
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

/// What is not drawn.
fn and_more(count: u64, noun: &str) -> String {
    format!("and {} more {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
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

/// The first few, in their order, and how many more there are. What is told of the change is among them.
fn first<T>(all: Vec<T>, most: usize, is_told: impl Fn(&T) -> bool) -> (Vec<T>, u64) {
    let Some(more) = all.len().checked_sub(most).filter(|more| *more > 0) else { return (all, 0) };
    let told = all.iter().filter(|one| is_told(one)).count().min(most);
    let mut room = [told, most - told];
    let fits = |one: &T| {
        let [told, others] = &mut room;
        let left = if is_told(one) { told } else { others };
        let fits = *left > 0;
        *left -= usize::from(fits);
        fits
    };
    (all.into_iter().filter(fits).collect(), more as u64)
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

    /// Namespaces that each have so many waypoints, each with a Service of its own.
    fn drawn_of(namespaces: usize, waypoints: usize) -> String {
        let mut yaml = String::new();
        for (namespace, waypoint) in (0..namespaces).flat_map(|n| (0..waypoints).map(move |w| (n, w))) {
            let _ = write!(
                yaml,
                "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\n\
                 metadata: {{name: w{waypoint:02}, namespace: n{namespace:02}}}\n\
                 spec: {{gatewayClassName: istio-waypoint, listeners: [{{name: mesh, port: 15008, protocol: HBONE}}]}}\n---\n\
                 apiVersion: v1\nkind: Service\n\
                 metadata: {{name: s{waypoint:02}, namespace: n{namespace:02}, labels: {{istio.io/use-waypoint: w{waypoint:02}}}}}\n\
                 spec: {{clusterIP: 10.{namespace}.0.{waypoint}, ports: [{{name: http, port: 80}}]}}\n---\n"
            );
        }
        let session = Session::read([SourceFile::new("a.yaml", yaml)], &Options::default());
        svg(&session.cost(Rule::Namespace, Some(1)))
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let few = drawn_of(NAMESPACES, 1);
        assert!(!few.contains("and "), "{few}");
        let namespaces = drawn_of(NAMESPACES + 3, 1);
        assert!(namespaces.contains(">and 3 more namespaces<"), "{namespaces}");
        assert_eq!(namespaces.matches("<rect class=\"cost-box\"").count(), 2 * NAMESPACES);
        let waypoints = drawn_of(1, WAYPOINTS + 1);
        assert!(waypoints.contains(">and 1 more waypoint<"), "{waypoints}");
        assert_eq!(waypoints.matches("<title>waypoint ").count(), WAYPOINTS);
        assert_eq!(drawn_of(1, WAYPOINTS + 9).matches("<title>waypoint ").count(), WAYPOINTS);
    }

    #[test]
    fn what_is_told_is_among_what_is_drawn() {
        assert_eq!(first(vec![1, 2, 3], 3, |_| false), (vec![1, 2, 3], 0));
        assert_eq!(first(vec![1, 2, 3, 4, 5], 3, |n| *n == 5), (vec![1, 2, 5], 2));
        assert_eq!(first(vec![1, 2, 3, 4, 5], 2, |_| true), (vec![1, 2], 3));
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
