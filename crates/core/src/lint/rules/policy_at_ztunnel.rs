//! `policy-at-ztunnel`: policies about HTTP that only ztunnel reads.

use crate::lint::ambient::Destination;
use crate::lint::clauses;
use crate::lint::list::few;
use crate::lint::{Context, Rule, scope};
use crate::mesh::attachment::{Attach, refers_to_nothing};
use crate::problem::{Code, Problem, Severity};
use crate::snapshot::security::{Action, AuthorizationPolicy, RequestAuthentication};
use crate::snapshot::{Object, ObjectRef};
use crate::ztunnel::policies::authorization::{Unsupported, Verdict, fires, verdict};

pub(super) const RULE: Rule = Rule::new(Code::PolicyAtZtunnel, include_str!("policy_at_ztunnel.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let policies = cx.snapshot.authorization_policies.iter().filter_map(|policy| of_policy(cx, policy));
    let authentications = cx.snapshot.request_authentications.iter();
    policies.chain(authentications.filter_map(|object| of_authentication(cx, object))).collect()
}

/// Whom a policy without `targetRefs` reaches.
struct Reach<'a, 'm> {
    /// The first workload.
    destination: Option<&'a Destination<'m>>,
    /// The waypoint whose pods it selects.
    selected: Option<ObjectRef>,
}

impl<'a, 'm> Reach<'a, 'm> {
    /// None where a waypoint reads it, or where it reaches nothing of ambient mode.
    fn of<T: Attach>(cx: &'a Context<'m>, policy: &'a T) -> Option<Self> {
        if !refers_to_nothing(policy)
            || (!cx.objects_name_waypoints && scope::is_read_by_selector(cx, policy))
        {
            return None;
        }
        let mut under = cx.ambient().under(policy).peekable();
        let first = under.peek().copied();
        let behind_waypoint = under.find(|destination| !destination.ways.is_empty());
        let selected = scope::selected_waypoint(cx, policy).map(|waypoint| waypoint.gateway.object_ref());
        let destination = behind_waypoint.or(first);
        (destination.is_some() || selected.is_some()).then_some(Self { destination, selected })
    }

    /// The waypoint that does not read it.
    fn waypoint(&self) -> Option<ObjectRef> {
        let way = self.destination.and_then(|destination| destination.ways.first());
        self.selected.clone().or_else(|| way.map(|way| way.waypoint.gateway.object_ref()))
    }

    /// The finding: why, and what comes of it.
    fn problem(&self, cx: &Context<'_>, consequence: &str) -> Problem {
        let reader = if cx.objects_name_waypoints {
            "waypoints do not read a policy without `targetRefs`"
        } else {
            "waypoints do not read a policy whose selector is not for their own pods"
        };
        let help = match (cx.objects_name_waypoints, self.waypoint()) {
            (true, Some(_)) => {
                "name the Service, or the waypoint's Gateway, by `targetRefs` instead of a selector"
            }
            (true, None) => {
                "deploy a waypoint and name the Service by `targetRefs`, or leave out what is about HTTP"
            }
            (false, _) => "leave out the selector, or select the waypoint's pods by `istio.io/gateway-name`",
        };
        let message = format!("{reader}, {consequence}");
        let problem = Problem::new(Code::PolicyAtZtunnel, message).help(help);
        match self.waypoint() {
            Some(gateway) => problem.related_object(gateway, "", "this waypoint does not read it"),
            None => problem,
        }
    }
}

fn of_policy(cx: &Context<'_>, policy: &Object<AuthorizationPolicy>) -> Option<Problem> {
    let verdict = verdict(policy, &cx.mesh.config.root_namespace, &cx.mesh.options.features);
    let is_enforced = cx.objects_name_waypoints && verdict.unsupported.is_none();
    if is_enforced && scope::selected_waypoint(cx, policy).is_none() {
        return None;
    }
    let reach = Reach::of(cx, policy)?;
    let behind_waypoint = reach.destination.is_some_and(|destination| !destination.ways.is_empty());
    let (consequence, severity) = if reach.destination.is_none() {
        // The waypoint's own pods take no traffic but what is for others.
        ("and its selector is for a waypoint's pods: nothing of it holds".to_owned(), Severity::Warning)
    } else if !cx.objects_name_waypoints && behind_waypoint {
        let severity = if verdict.unsupported.is_some() { Severity::Warning } else { Severity::Note };
        (
            "and ztunnel of 1.18 does not apply policies to what comes from a waypoint: it does not hold"
                .to_owned(),
            severity,
        )
    } else {
        let is_tried = verdict.unsupported == Some(Unsupported::DryRun);
        (consequence(policy, &verdict)?, if is_tried { Severity::Note } else { Severity::Warning })
    };
    let is_elsewhere = policy.spec.action != Action::Allow && scope::may_be_for_gateways(cx, policy);
    let severity = if is_elsewhere { Severity::Note } else { severity };
    let problem = reach.problem(cx, &consequence).severity(severity);
    Some(problem.on(policy.object_ref()).field(field(policy)))
}

/// What comes of it that ztunnel enforces what it can of a policy.
fn consequence(policy: &Object<AuthorizationPolicy>, verdict: &Verdict) -> Option<String> {
    Some(match verdict.unsupported.as_ref()? {
        Unsupported::DryRun => "and ztunnel does not try policies out: nothing is logged".to_owned(),
        Unsupported::Action(action) => {
            format!("and ztunnel does not know action {}: nothing of it holds", action.as_str())
        }
        Unsupported::Http { attributes, denies: false } => {
            let left = verdict.policy.as_ref().map_or(0, |made| made.groups.len());
            let who = if left == 0 { "nobody is let in" } else { "nobody is let in by that rule" };
            format!("and ztunnel leaves out a rule about {}: {who}", few(attributes))
        }
        Unsupported::Http { attributes, denies: true } => {
            let groups = verdict.policy.iter().flat_map(|made| &made.groups);
            let rules = clauses::rules(&policy.spec).zip(groups);
            let mut about_http = rules.filter(|(rule, _)| rule.all().any(clauses::Clause::is_http));
            if about_http.all(|(_, group)| !fires(group)) {
                format!("and ztunnel cannot tell {}: nothing is denied by a rule about that", few(attributes))
            } else {
                format!(
                    "and ztunnel denies without looking at {}: more is denied than is said",
                    few(attributes)
                )
            }
        }
    })
}

/// The field that decides who reads a policy; without a selector, the first one that ztunnel does not know.
fn field(policy: &Object<AuthorizationPolicy>) -> String {
    if policy.spec.selector.is_some() {
        return "spec.selector".to_owned();
    }
    if !matches!(policy.spec.action, Action::Allow | Action::Deny) {
        return "spec.action".to_owned();
    }
    let rules = clauses::rules(&policy.spec);
    let mut fields = rules.filter_map(|rule| {
        let clause = rule.all().find(|clause| clause.is_http())?.first_list().field();
        Some(clause)
    });
    fields.next().unwrap_or_default()
}

/// Where there is no waypoint at all, `no-waypoint` tells it.
fn of_authentication(cx: &Context<'_>, object: &Object<RequestAuthentication>) -> Option<Problem> {
    let reach = Reach::of(cx, object).filter(|_| !object.spec.jwt_rules.is_empty())?;
    reach.waypoint()?;
    let severity = if scope::may_be_for_gateways(cx, object) { Severity::Note } else { Severity::Warning };
    let field = if object.spec.selector.is_some() { "spec.selector" } else { "spec.jwtRules" };
    let problem = reach.problem(cx, "and ztunnel knows nothing of tokens: no token is checked");
    Some(problem.severity(severity).on(object.object_ref()).field(field))
}
