//! A snapshot as one release understands it, with all that can be asked of it: one handle instead of its
//! parts.

mod compared;
mod suites;

use std::sync::{Arc, OnceLock};

use crate::assume;
use crate::bootstrap;
use crate::cost::{self, Cost, Rule};
use crate::describe::{self, Description, NotFound, Subject};
use crate::dialect::{self, Dialect};
use crate::expect::{Case, Claim, Coverage, Question, Suite};
use crate::lint::{self, Baseline, Selection};
use crate::manifests::{self, Manifests};
use crate::mesh::{DataPlane, Mesh, Waypoint, WaypointName};
use crate::names;
use crate::options::Options;
use crate::problem::Problem;
use crate::resources::{self, WaypointResources};
use crate::snapshot::{Reading, Snapshot};
use crate::static_config::{StaticConfiguration, StaticOptions, static_configuration};
use crate::status::{self, Status};
use crate::text::SourceFile;
use crate::trace::classes::Limits;
use crate::trace::classes::access::{self, Access, AccessQuery, Proof};
use crate::trace::{Compiled, NoSuchThing, Request, Trace, Tracer};
use crate::translation::{self, Translation};
use crate::view::graph::{self, Graph};
use crate::view::json::ResourceKind;
use crate::view::origins::Places;
use crate::view::proxy_config::{self, ProxyConfig};
use crate::view::table::Table;
use crate::view::ztunnel::{self as ztunnel_view, Filter, ZtunnelConfig};
use crate::view::{
    self,
    tested::{Failure, Test},
};
use crate::ztunnel::{self, UnsupportedRelease, ZtunnelResources};

pub use suites::Suites;

/// What was read, the mesh that a release makes of it, and the translation: everything that a door shows is
/// asked of it.
///
/// Clones share all of it, and threads may. The mesh is made at once, the translation when it is first asked
/// for.
///
/// ```
/// use waypoint_xds::options::Options;
/// use waypoint_xds::session::Session;
/// use waypoint_xds::text::SourceFile;
/// use waypoint_xds::view::json::ResourceKind;
///
/// let yaml = "
/// apiVersion: gateway.networking.k8s.io/v1
/// kind: Gateway
/// metadata: {name: waypoint, namespace: shop}
/// spec:
///   gatewayClassName: istio-waypoint
///   listeners: [{name: mesh, port: 15008, protocol: HBONE}]
/// ";
/// let session = Session::read([SourceFile::new("shop.yaml", yaml)], &Options::default());
/// let waypoint = session.waypoint(None)?;
/// assert_eq!(waypoint.name.to_string(), "shop/waypoint");
///
/// let resources = session.translation().waypoint(&waypoint.name).expect("its resources");
/// assert!(session.table(resources, ResourceKind::Clusters, false).to_string().contains("main_internal"));
/// # Ok::<(), waypoint_xds::session::NoOneWaypoint>(())
/// ```
#[derive(Clone, Debug)]
pub struct Session {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    input: Arc<Reading>,
    mesh: Mesh,
    /// What reading, admission and the mesh found.
    problems: Vec<Problem>,
    translation: OnceLock<Translation>,
    /// What was got ready for requests.
    compiled: OnceLock<Compiled>,
}

/// A snapshot that was mended: see [`Session::mended`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Mended {
    /// What is read from the mended files.
    pub session: Session,
    /// How many fixes were applied.
    pub fixes: usize,
}

/// How often fixes are applied before it is given up: fixes next to each other take turns, and ones that undo
/// each other do not end.
const ROUNDS: usize = 10;

/// Threads share a session.
const _: () = {
    const fn shared<T: Send + Sync + Clone>() {}
    shared::<Session>();
};

/// Why no waypoint was chosen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoOneWaypoint {
    /// There is none of this name.
    #[error("no waypoint `{wanted}` in the snapshot, which has: {}", some(.known))]
    Unknown {
        /// The one that was named.
        wanted: WaypointName,
        /// All that there are.
        known: Vec<WaypointName>,
    },
    /// It is there, but is no Envoy: nothing is generated for it.
    #[error("waypoint `{0}` is run by another data plane: there is nothing for Envoy")]
    OtherDataPlane(WaypointName),
    /// There is none at all.
    #[error("no waypoint in the snapshot")]
    None,
    /// None was named, and there are several.
    #[error("there are several waypoints: {}", list(.0))]
    Several(Vec<WaypointName>),
}

/// What waypoints are called.
fn names_of(waypoints: &[Waypoint]) -> Vec<WaypointName> {
    waypoints.iter().map(|waypoint| waypoint.name.clone()).collect()
}

/// How many names are listed of those that there are.
const LISTED: usize = 10;

/// Names with commas between them, the first of many.
fn some(all: &[WaypointName]) -> String {
    let (first, more) = all.split_at(all.len().min(LISTED));
    match more.len() {
        _ if all.is_empty() => "none".to_owned(),
        0 => list(first),
        more => format!("{} and {more} more", list(first)),
    }
}

/// Names with commas between them.
fn list(all: &[WaypointName]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl Session {
    /// What the options' release makes of a snapshot that was read.
    #[must_use]
    pub fn new(input: impl Into<Arc<Reading>>, options: &Options) -> Self {
        let input = input.into();
        let input = assume::complete(&input, options).map_or(input, Arc::new);
        let (mesh, problems) = Mesh::of_complete(&input, options);
        Self {
            shared: Arc::new(Shared {
                input,
                mesh,
                problems,
                translation: OnceLock::new(),
                compiled: OnceLock::new(),
            }),
        }
    }

    /// Reads files within the options' limits, and makes a session of them.
    #[must_use]
    pub fn read(files: impl IntoIterator<Item = SourceFile>, options: &Options) -> Self {
        Self::new(Snapshot::read(files, &options.limits), options)
    }

    /// What was read, with what is assumed.
    #[must_use]
    pub fn input(&self) -> &Reading {
        &self.shared.input
    }

    /// What the release makes of it.
    #[must_use]
    pub fn mesh(&self) -> &Mesh {
        &self.shared.mesh
    }

    /// Everything found wrong without a translation, from the text to the mesh, in the order of the text.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.shared.problems
    }

    /// Everything that is to be said of the snapshot: see [`lint`](lint::lint()). For an upstream Envoy that
    /// is also what it lacks.
    #[must_use]
    pub fn lint(&self) -> Vec<Problem> {
        let problems = match self.mesh().options.dialect {
            Dialect::IstioProxy => self.problems(),
            Dialect::Envoy => &self.translation().problems,
        };
        lint::lint(self.input(), self.mesh(), problems, &|waypoint| self.translation().waypoint(waypoint))
    }

    /// The findings of [`Session::lint`] that a selection reports, each as bad as it says.
    #[must_use]
    pub fn lint_with(&self, selection: &Selection) -> Vec<Problem> {
        selection.choose(self.input(), self.lint())
    }

    /// The same without what a baseline has.
    #[must_use]
    pub fn lint_against(&self, baseline: Option<&Baseline>, selection: &Selection) -> Vec<Problem> {
        let found = self.lint_with(selection);
        match baseline {
            Some(baseline) => baseline.new_ones(found),
            None => found,
        }
    }

    /// The snapshot with what can be mended mended: the fixes of what is `reported`, then those of what is
    /// reported of the outcome, as long as there are any. Nothing is mended where the outcome cannot be read
    /// as well as before.
    ///
    /// ```
    /// use waypoint_xds::options::Options;
    /// use waypoint_xds::session::Session;
    /// use waypoint_xds::text::SourceFile;
    ///
    /// let yaml = r#"
    /// apiVersion: security.istio.io/v1
    /// kind: AuthorizationPolicy
    /// metadata: {name: read, namespace: shop}
    /// spec: {rules: [{to: [{operation: {methods: [get]}}]}]}
    /// "#;
    /// let session = Session::read([SourceFile::new("shop.yaml", yaml)], &Options::default());
    /// let mended = session.mended(Session::lint);
    /// assert_eq!(mended.fixes, 1);
    /// let text = mended.session.input().files.named("shop.yaml").unwrap().text();
    /// assert!(text.contains("methods: [GET]"));
    /// ```
    #[must_use]
    pub fn mended(&self, reported: impl Fn(&Self) -> Vec<Problem>) -> Mended {
        let errors = |session: &Self| session.input().problems.iter().filter(|p| p.is_error()).count();
        let mut mended = Mended { session: self.clone(), fixes: 0 };
        for _ in 0..ROUNDS {
            let before = &mended.session;
            let Some((files, fixes)) = lint::apply(&before.input().files, &reported(before)) else { break };
            let options = &before.mesh().options;
            let mut reading = Snapshot::read(files, &options.limits);
            reading.tell(before.input().told().iter().cloned());
            let after = Self::new(reading, options);
            if errors(&after) > errors(before) {
                break;
            }
            mended = Mended { session: after, fixes: mended.fixes + fixes };
        }
        mended
    }

    /// Every condition that Istio would write into the objects' statuses: see [`status::statuses`].
    #[must_use]
    pub fn statuses(&self) -> Vec<Status> {
        status::statuses(self.mesh())
    }

    /// What ztunnels get: see [`ztunnel::generate`].
    ///
    /// # Errors
    ///
    /// For a release of which that is not known.
    pub fn ztunnel(&self) -> Result<ZtunnelResources, UnsupportedRelease> {
        ztunnel::generate(self.mesh())
    }

    /// A kind of what ztunnels get as istioctl's table; a wide one also tells which objects made each row.
    ///
    /// # Errors
    ///
    /// For a release of which that is not known.
    pub fn ztunnel_table(&self, kind: ztunnel_view::Kind, wide: bool) -> Result<Table, UnsupportedRelease> {
        let config = ZtunnelConfig::from(&self.ztunnel()?);
        let filter = Filter::default();
        let mut table = ztunnel_view::table(&config, kind, &filter);
        if wide {
            ztunnel_view::add_origins(&mut table, &config, kind, &filter, &self.places());
        }
        Ok(table)
    }

    /// What a person wants to know of one object: see [`describe`](describe::describe()).
    ///
    /// # Errors
    ///
    /// When there is no such object, or several of that name.
    pub fn describe(&self, subject: &Subject) -> Result<Description, NotFound> {
        describe::describe(self.input(), self.mesh(), &self.lint(), subject)
    }

    /// What comes of a request, and why: see [`Tracer::trace`].
    ///
    /// # Errors
    ///
    /// When the snapshot does not have who asks, or who is asked.
    pub fn trace(&self, request: &Request) -> Result<Trace, NoSuchThing> {
        self.tracer().trace(request)
    }

    /// Who may do what, exactly: see [`access`](access::access()).
    ///
    /// ```
    /// use waypoint_xds::options::Options;
    /// use waypoint_xds::session::Session;
    /// use waypoint_xds::text::SourceFile;
    /// use waypoint_xds::trace::Verdict;
    /// use waypoint_xds::trace::classes::access::{AccessQuery, AccessSpec};
    ///
    /// let yaml = "
    /// apiVersion: v1
    /// kind: Service
    /// metadata: {name: cart, namespace: shop}
    /// spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
    /// ";
    /// let session = Session::read([SourceFile::new("shop.yaml", yaml)], &Options::default());
    /// let query = AccessSpec { to: Some("shop/cart".to_owned()), ..AccessSpec::default() };
    /// let access = session.access(&AccessQuery::try_from(query)?)?;
    /// // No pod is behind the Service.
    /// assert_eq!(access.destinations[0].ways[0].rows[0].verdict, Verdict::Failed);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the snapshot does not have who asks, or who is asked.
    pub fn access(&self, query: &AccessQuery) -> Result<Access, NoSuchThing> {
        access::access(self.tracer(), query, &Limits::default())
    }

    /// The row that a request is in, of those that [`Session::access`] tells of its destination: see
    /// [`row_of`](access::row_of()).
    ///
    /// # Errors
    ///
    /// When the snapshot does not have who asks, or who is asked.
    pub fn access_row(&self, request: &Request) -> Result<Option<access::Row>, NoSuchThing> {
        access::row_of(self.tracer(), request, &Limits::default())
    }

    /// What answers many requests, explained or not. What it gets ready stays in the session.
    #[must_use]
    pub fn tracer(&self) -> Tracer<'_> {
        let translation = self.translation();
        let compiled = self.shared.compiled.get_or_init(|| Compiled::new(translation));
        Tracer::new(self.mesh(), translation, compiled)
    }

    /// Asks what comes of the request of a test, and holds it against what is expected: see
    /// [`expect`](crate::expect).
    #[must_use]
    pub fn test(&self, suite: &Suite, case: &Case) -> Test {
        let request = match &case.asks {
            Question::Request(request) => request,
            Question::Claim(claim) => return Test::new(suite, case, self.refuted(claim), None),
        };
        let trace = match self.trace(request) {
            Ok(trace) => trace,
            Err(error) => {
                return Test::new(suite, case, Some(Failure::NotTraced(error.to_string())), None);
            }
        };
        let way = || view::trace::text(&trace, &self.places(), true);
        let differences = case.differences(&trace);
        let failure = if case.written.is_empty() {
            Some(Failure::NothingExpected { way: way() })
        } else if differences.is_empty() {
            None
        } else {
            Some(Failure::Differs { differences, way: way() })
        };
        Test::new(suite, case, failure, Some(trace))
    }

    /// Why a claim is not proved, if it is not.
    fn refuted(&self, claim: &Claim) -> Option<Failure> {
        let judge = |trace: &Trace| claim.judge(trace);
        match access::prove(self.tracer(), claim.requests(), &judge, &Limits::default()) {
            Ok(Proof::Holds) => None,
            Ok(Proof::Fails(example, trace)) => Some(Failure::Refuted {
                claim: claim.word(),
                example,
                way: view::trace::text(&trace, &self.places(), true),
            }),
            Ok(Proof::NotDecided(reason)) => Some(Failure::NotDecided(reason)),
            Err(error) => Some(Failure::NotTraced(error.to_string())),
        }
    }

    /// What requests can reach of what is generated: nothing of it has been reached yet.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        Coverage::new(self.mesh(), self.translation())
    }

    /// The problems with others that were found later, in the order of the text.
    #[must_use]
    pub fn problems_with(&self, found: Vec<Problem>) -> Vec<Problem> {
        let mut problems = self.shared.problems.clone();
        translation::add(&self.shared.input, &mut problems, found);
        problems
    }

    /// The resources of every waypoint that the options ask for, and everything found wrong.
    pub fn translation(&self) -> &Translation {
        let Shared { input, mesh, problems, translation, .. } = &*self.shared;
        translation.get_or_init(|| translation::generate(input, mesh, problems.clone()))
    }

    /// The resources of one waypoint, and everything found wrong with them, without those of others.
    #[must_use]
    pub fn generate(&self, waypoint: &Waypoint) -> (WaypointResources, Vec<Problem>) {
        let mesh = self.mesh();
        let (resources, lost) = dialect::convert(mesh.options.dialect, resources::generate(mesh, waypoint));
        (resources, self.problems_with(lost))
    }

    /// The waypoint of a name; without one the only one that there is.
    ///
    /// # Errors
    ///
    /// When there is no such waypoint, or more than one.
    pub fn waypoint(&self, wanted: Option<&WaypointName>) -> Result<&Waypoint, NoOneWaypoint> {
        let all = &self.mesh().waypoints;
        match (wanted, all.as_slice()) {
            (Some(name), _) => {
                let named = all.iter().find(|waypoint| waypoint.name == *name);
                named.ok_or_else(|| NoOneWaypoint::Unknown { wanted: name.clone(), known: names_of(all) })
            }
            (None, [one]) => Ok(one),
            (None, []) => Err(NoOneWaypoint::None),
            (None, several) => Err(NoOneWaypoint::Several(names_of(several))),
        }
    }

    /// Whether there is something for the waypoint that the options ask for, where they ask for one.
    ///
    /// # Errors
    ///
    /// When there is no such waypoint, or another data plane runs it.
    pub fn has_wanted(&self) -> Result<(), NoOneWaypoint> {
        let Some(wanted) = &self.mesh().options.waypoint else { return Ok(()) };
        match self.waypoint(Some(wanted))?.data_plane {
            DataPlane::Envoy => Ok(()),
            _ => Err(NoOneWaypoint::OtherDataPlane(wanted.clone())),
        }
    }

    /// The waypoints called `NAME`, in a namespace or in whichever has one; else the one called
    /// `NAME.NAMESPACE`, as istioctl names proxies.
    #[must_use]
    pub fn waypoints_named(&self, name: &str, namespace: Option<&str>) -> Vec<&Waypoint> {
        names::named(&self.mesh().waypoints, (name, namespace), |waypoint| {
            (&waypoint.name.namespace, &waypoint.name.name)
        })
    }

    /// Where the objects of the snapshot stand.
    #[must_use]
    pub fn places(&self) -> Places<'_> {
        Places::new(self.input())
    }

    /// What the proxy of a waypoint holds: its resources, and what its bootstrap says.
    #[must_use]
    pub fn proxy_config(&self, resources: &WaypointResources) -> ProxyConfig {
        proxy_config::config(self.mesh(), resources)
    }

    /// A kind of a waypoint's resources as istioctl's table: see [`proxy_config::waypoint_table`].
    #[must_use]
    pub fn table(&self, resources: &WaypointResources, kind: ResourceKind, wide: bool) -> Table {
        proxy_config::waypoint_table(self.input(), self.mesh(), resources, kind, wide)
    }

    /// How traffic goes through a waypoint: see [`graph::graph`].
    #[must_use]
    pub fn graph<'a>(&'a self, resources: &'a WaypointResources) -> Graph<'a> {
        graph::graph(resources, &self.places())
    }

    /// What a waypoint's Envoy starts with: see [`bootstrap::bootstrap`].
    #[must_use]
    pub fn bootstrap(&self, waypoint: &Waypoint) -> serde_json::Value {
        bootstrap::bootstrap(self.mesh(), waypoint)
    }

    /// One complete configuration of a waypoint's Envoy: see [`static_configuration`].
    #[must_use]
    pub fn static_configuration(&self, waypoint: &Waypoint, options: &StaticOptions) -> StaticConfiguration {
        static_configuration(self.mesh(), waypoint, options)
    }

    /// The objects that run a waypoint: see [`manifests::manifests`].
    #[must_use]
    pub fn manifests(&self, waypoint: &Waypoint) -> Manifests {
        manifests::manifests(self.mesh(), waypoint)
    }

    /// What distributing configuration costs: see [`cost::cost`].
    #[must_use]
    pub fn cost(&self, rule: Rule, replicas: Option<u64>) -> Cost {
        cost::cost(self.mesh(), rule, replicas)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(waypoints: usize, wanted: &str) -> Option<String> {
        let waypoint = |number: usize, class: &str| {
            format!(
                "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: w{number:02}, namespace: shop}}\n\
                 spec: {{gatewayClassName: {class}, listeners: [{{name: mesh, port: 15008, protocol: HBONE}}]}}\n---\n"
            )
        };
        let other = waypoint(99, "istio-agentgateway-waypoint");
        let mut yaml: String = (0..waypoints).map(|number| waypoint(number, "istio-waypoint")).collect();
        if waypoints > 0 {
            yaml += &other;
        }
        let mut options = Options::default();
        options.waypoint = Some(wanted.parse().unwrap());
        let session = Session::read([SourceFile::new("shop.yaml", yaml)], &options);
        session.has_wanted().err().map(|error| error.to_string())
    }

    #[test]
    fn a_waypoint_that_is_not_there_is_told_with_those_that_are() {
        assert_eq!(error(1, "shop/w00"), None);
        assert_eq!(
            error(1, "shop/w01").unwrap(),
            "no waypoint `shop/w01` in the snapshot, which has: shop/w00, shop/w99"
        );
        assert_eq!(error(0, "a/b").unwrap(), "no waypoint `a/b` in the snapshot, which has: none");
        assert!(error(12, "a/b").unwrap().ends_with("shop/w08, shop/w09 and 3 more"));
        assert!(error(1, "shop/w99").unwrap().contains("is run by another data plane"));
    }
}
