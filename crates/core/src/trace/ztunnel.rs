//! The policies of the destination's ztunnel.
//!
//! Source: [L4 authorization](https://istio.io/latest/docs/ambient/usage/l4-policy/).

use std::net::{IpAddr, SocketAddr};

use envoy::istio::security::{Action, Authorization, Scope};
use envoy::istio::workload::{TunnelProtocol, Workload};

use super::condition::{Condition, Truth};
use super::outcome::{DecidedBy, Decision, Detail, Place, Verdict};
use super::walk::{End, Walk};
pub(super) use super::ztunnel_condition::Peer;
use super::ztunnel_condition::{Connection, ConnectionTest, condition};
use crate::hash::HashMap;
use crate::mesh::Mesh;
use crate::resources::Resource;
use crate::snapshot::Cause;
use crate::ztunnel::ip;
use crate::ztunnel::{self, UnsupportedRelease, policy_name};

/// The policies of ztunnels, ready.
#[derive(Clone, Debug)]
pub(super) struct Guards {
    policies: Vec<Policy>,
    guarded: Vec<Guarded>,
    /// The workload that has an address, where that is one that ztunnel guards.
    by_address: HashMap<IpAddr, Option<usize>>,
}

/// A workload and its policies.
#[derive(Clone, Debug)]
struct Guarded {
    name: String,
    denying: Vec<usize>,
    allowing: Vec<usize>,
}

/// A policy.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    pub(super) name: String,
    action: Action,
    pub(super) condition: Condition<ConnectionTest>,
    /// What made it.
    pub(super) cause: Option<Cause>,
}

/// The policies of a workload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guard<'g> {
    guards: &'g Guards,
    guarded: &'g Guarded,
}

/// Who opens connections to endpoints: those to which a tunnel leads, and others.
pub(super) struct Peers<'s> {
    pub(super) tunnelled: Peer<'s>,
    pub(super) plain: Peer<'s>,
}

impl Guards {
    /// Gets the policies of a mesh ready.
    pub(super) fn new(mesh: &Mesh) -> Result<Self, UnsupportedRelease> {
        let resources = ztunnel::enforcement(mesh)?;
        let held: Vec<&Resource<Authorization>> =
            resources.policies.iter().filter(|policy| !policy.message.dry_run).collect();
        let bound = Bound::new(&held, &mesh.config.root_namespace);
        let mut guards = Self { policies: Vec::new(), guarded: Vec::new(), by_address: HashMap::default() };
        for resource in &resources.workloads {
            let workload = &resource.message;
            let is_guarded = workload.tunnel_protocol() == TunnelProtocol::Hbone;
            let number = is_guarded.then(|| {
                let all = bound.to(workload);
                let of = |action| {
                    let acts = |number: &usize| {
                        held.get(*number).is_some_and(|policy| policy.message.action() == action)
                    };
                    all.iter().copied().filter(acts).collect()
                };
                guards.guarded.push(Guarded {
                    name: workload.name.to_string(),
                    denying: of(Action::Deny),
                    allowing: of(Action::Allow),
                });
                guards.guarded.len() - 1
            });
            for ip in workload.addresses.iter().filter_map(|bytes| ip(bytes)) {
                guards.by_address.entry(ip).or_insert(number);
            }
        }
        guards.policies = held.into_iter().map(Policy::new).collect();
        Ok(guards)
    }

    /// The policies of the workload that has an address; none where no ztunnel guards it.
    pub(super) fn guard(&self, ip: IpAddr) -> Option<Guard<'_>> {
        Some(Guard { guards: self, guarded: self.of(ip)? })
    }

    /// Whether a connection passes.
    pub(super) fn decides(&self, connection: Connection<'_>) -> Truth {
        let guarded = self.of(connection.destination.ip());
        guarded.map_or(Truth::Yes, |guarded| decide(self, guarded, connection).truth())
    }

    fn of(&self, ip: IpAddr) -> Option<&Guarded> {
        self.guarded.get((*self.by_address.get(&ip)?)?)
    }

    fn policies<'g>(&'g self, numbers: &'g [usize]) -> impl Iterator<Item = &'g Policy> {
        numbers.iter().filter_map(|number| self.policies.get(*number))
    }
}

impl<'g> Guard<'g> {
    /// The policies that deny, in their order.
    pub(super) fn denying(self) -> impl Iterator<Item = &'g Policy> {
        self.guards.policies(&self.guarded.denying)
    }

    /// The policies that allow, in their order; where there is none, none is needed.
    pub(super) fn allowing(self) -> impl Iterator<Item = &'g Policy> {
        self.guards.policies(&self.guarded.allowing)
    }

    /// The positions of all of its policies: workloads with the same have the same policies.
    pub(super) fn key(self) -> (&'g [usize], &'g [usize]) {
        (&self.guarded.denying, &self.guarded.allowing)
    }
}

/// Which policies are for whom, by their position.
struct Bound<'r> {
    all: Vec<usize>,
    by_namespace: HashMap<&'r str, Vec<usize>>,
    /// Those that workloads name.
    by_name: HashMap<String, usize>,
}

impl<'r> Bound<'r> {
    fn new(policies: &[&'r Resource<Authorization>], root: &str) -> Self {
        let mut bound =
            Self { all: Vec::new(), by_namespace: HashMap::default(), by_name: HashMap::default() };
        for (number, policy) in policies.iter().enumerate() {
            let message = &policy.message;
            match message.scope() {
                Scope::Global if message.namespace == root => bound.all.push(number),
                Scope::Global => {}
                Scope::Namespace => bound.by_namespace.entry(&message.namespace).or_default().push(number),
                Scope::WorkloadSelector => {
                    bound.by_name.insert(policy_name(message), number);
                }
            }
        }
        bound
    }

    /// The policies for a workload, in their order.
    fn to(&self, workload: &Workload) -> Vec<usize> {
        let of_namespace = self.by_namespace.get(&*workload.namespace).into_iter().flatten();
        let named = workload.authorization_policies.iter().filter_map(|name| self.by_name.get(&**name));
        let mut all: Vec<usize> = self.all.iter().chain(of_namespace).chain(named).copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Policy {
    fn new(resource: &Resource<Authorization>) -> Self {
        Self {
            name: policy_name(&resource.message),
            action: resource.message.action(),
            condition: condition(&resource.message),
            cause: resource.origins.first().and_then(|origin| origin.causes.first()).cloned(),
        }
    }

    fn detail(&self, connection: Connection<'_>) -> Detail {
        let name = &self.name;
        let verb = if self.action == Action::Deny { "denies" } else { "allows" };
        let why = match &self.condition {
            Condition::Any(groups) if groups.is_empty() => {
                "no rule of it is one that ztunnel reads".to_owned()
            }
            condition => condition.why(connection),
        };
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        let truth = self.condition.truth(connection);
        let text = match truth {
            Truth::Yes => format!("{name} ({verb}) fits{why}"),
            Truth::No => format!("{name} ({verb}) does not fit{why}"),
            Truth::Unknown => format!("{name} ({verb}){why}"),
        };
        Detail { fits: truth.known(), text, because: self.cause.clone().map(DecidedBy) }
    }
}

/// What policies decide of a connection to an endpoint.
#[derive(Clone, Copy)]
struct Decided<'a> {
    guards: &'a Guards,
    guarded: &'a Guarded,
    why: Why<'a>,
}

/// What decides.
#[derive(Clone, Copy)]
enum Why<'a> {
    Denies(&'a Policy),
    MayDeny,
    NothingAllows,
    Allows(&'a Policy),
    MayAllow,
    /// Policies allow others.
    AllowsOthers,
}

/// Those that deny come first; where any allows, one has to fit.
fn decide<'a>(guards: &'a Guards, guarded: &'a Guarded, connection: Connection<'_>) -> Decided<'a> {
    let first = |numbers: &'a [usize]| {
        let mut unknown = false;
        for policy in guards.policies(numbers) {
            match policy.condition.truth(connection) {
                Truth::Yes => return (Some(policy), unknown),
                Truth::Unknown => unknown = true,
                Truth::No => {}
            }
        }
        (None, unknown)
    };
    let why = match first(&guarded.denying) {
        (Some(policy), _) => Why::Denies(policy),
        (None, true) => Why::MayDeny,
        (None, false) if guarded.allowing.is_empty() => Why::NothingAllows,
        (None, false) => match first(&guarded.allowing) {
            (Some(policy), _) => Why::Allows(policy),
            (None, true) => Why::MayAllow,
            (None, false) => Why::AllowsOthers,
        },
    };
    Decided { guards, guarded, why }
}

impl<'a> Decided<'a> {
    fn truth(&self) -> Truth {
        match self.why {
            Why::NothingAllows | Why::Allows(_) => Truth::Yes,
            Why::Denies(_) | Why::AllowsOthers => Truth::No,
            Why::MayDeny | Why::MayAllow => Truth::Unknown,
        }
    }

    fn cause(&self) -> Option<&'a Cause> {
        match self.why {
            Why::Denies(policy) | Why::Allows(policy) => policy.cause.as_ref(),
            Why::AllowsOthers => match self.guarded.allowing.as_slice() {
                [only] => self.guards.policies.get(*only)?.cause.as_ref(),
                _ => None,
            },
            Why::MayDeny | Why::MayAllow | Why::NothingAllows => None,
        }
    }

    fn text(&self, connection: Connection<'_>) -> String {
        match self.why {
            Why::Denies(policy) => format!("policy {} denies it", policy.name),
            Why::Allows(policy) => format!("policy {} allows it", policy.name),
            Why::MayDeny => "a policy that may deny it looks at what is not known".to_owned(),
            Why::MayAllow => "a policy that may allow it looks at what is not known".to_owned(),
            Why::NothingAllows if self.guarded.denying.is_empty() => "no policy is for it".to_owned(),
            Why::NothingAllows => "no policy denies it, and none is needed to allow it".to_owned(),
            Why::AllowsOthers => {
                let allowing = self.guards.policies(&self.guarded.allowing);
                let names: Vec<&str> = allowing.map(|policy| policy.name.as_str()).collect();
                let who = connection.peer.identity.unwrap_or("a client without identity");
                format!("none of the policies that allow fits {who}: {}", names.join(", "))
            }
        }
    }

    fn details(&self, connection: Connection<'_>) -> Vec<Detail> {
        let numbers = [&self.guarded.denying, &self.guarded.allowing];
        let all = numbers.into_iter().flat_map(|numbers| self.guards.policies(numbers));
        all.map(|policy| policy.detail(connection)).collect()
    }

    fn note(&self, walk: &mut Walk<'_>, connection: Connection<'_>) {
        let decision = Decision::from(self.truth());
        let what = || format!("ztunnel of {}", self.guarded.name);
        walk.step(Place::Destination, what, decision, || self.text(connection))
            .because(self.cause())
            .details(|| self.details(connection));
    }
}

/// Asks the policies of every endpoint that may be picked.
pub(super) fn walk<'a>(walk: &mut Walk<'a>, peers: &Peers<'_>) -> End<'a> {
    let arrived = End::new(Verdict::Allowed, Place::Destination, walk.say(|| arrival(walk)));
    let guards = match walk.tracer.guards() {
        Ok(guards) => guards,
        Err(not_known) => {
            walk.caveat(|| not_known.to_string());
            return arrived;
        }
    };
    let reached = std::mem::take(&mut walk.reached);
    let (mut refused, mut all) = (0.0, 0.0);
    let mut by: Option<(Decided<'_>, Connection<'_>)> = None;
    let mut seen: Vec<SocketAddr> = Vec::new();
    for target in &reached {
        target.each(|endpoint| {
            all += endpoint.odds;
            let Some(destination) = endpoint.socket else { return };
            let Some(guarded) = guards.of(destination.ip()) else { return };
            let peer = if endpoint.tunnelled { peers.tunnelled } else { peers.plain };
            let connection = Connection { peer, destination };
            let decided = decide(guards, guarded, connection);
            if walk.explains() && !seen.contains(&destination) {
                seen.push(destination);
                decided.note(walk, connection);
            }
            match decided.truth() {
                Truth::Yes => {}
                Truth::No => {
                    refused += endpoint.odds;
                    by.get_or_insert((decided, connection));
                }
                Truth::Unknown => walk.may_refuse(|| decided.text(connection)),
            }
        });
    }
    walk.reached = reached;
    let Some((by, connection)) = by else { return arrived };
    let reason = walk.say(|| by.text(connection));
    let denied = End::new(Verdict::Denied, Place::Destination, reason).by(by.cause());
    let denied =
        if walk.request.protocol.is_http() && walk.waypoint.is_some() { denied.status(503) } else { denied };
    // Sums of odds are not exact.
    if refused > all - 1e-9 {
        return denied;
    }
    walk.by_chance(refused / all, denied);
    arrived
}

fn arrival(walk: &Walk<'_>) -> String {
    let targets = walk.reached.iter().map(|reached| reached.target(walk.mesh));
    let names = targets.map(|target| match (target.service, target.subset) {
        (Some(service), Some(subset)) => format!("{service}, subset {subset}"),
        (Some(service), None) => service,
        (None, _) => match target.endpoints.into_iter().next() {
            Some(endpoint) => endpoint.workload.unwrap_or(endpoint.address),
            None => target.cluster,
        },
    });
    format!("it gets to {}", names.collect::<Vec<_>>().join(" or "))
}
