//! Whether something holds of all requests that are like this: proved, or a request of which it does not.

use decisions::Limits;

use super::space::{Question, Space};
use super::wanted::Wanted;
use super::way::Plan;
use super::ways::{self, Going, Who};
use super::{WireProtocol, rows};
use crate::mesh::WaypointName;
use crate::trace::classes::attribute::Attribute;
use crate::trace::client::NoSuchThing;
use crate::trace::compiled::Tracer;
use crate::trace::outcome::Trace;
use crate::trace::request::{Destination, ExtAuthz, Source};
use crate::trace::spec::RequestSpec;

/// Requests that something is claimed of.
#[derive(Clone, Debug)]
pub(crate) struct Claimed {
    pub(crate) to: Vec<To>,
    /// Only this one asks; otherwise anybody may.
    pub(crate) from: Option<Source>,
    /// Only what goes through a waypoint: this one, or any.
    pub(crate) through: Option<Option<WaypointName>>,
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) ext_authz: Option<ExtAuthz>,
}

/// Who is asked.
#[derive(Clone, Debug)]
pub(crate) enum To {
    One(Destination),
    /// Every Service whose host begins and ends so.
    Like(String, String),
}

/// What is to be said of what comes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    Holds,
    Violated,
    NotKnown,
}

/// Whether a claim holds.
#[derive(Debug)]
pub(crate) enum Proof {
    /// It does, of all requests.
    Holds,
    /// Not of this one.
    Fails(Box<RequestSpec>, Box<Trace>),
    /// It is not decided.
    NotDecided(String),
}

/// Whether a claim holds of all requests that are like this.
pub(crate) fn prove(
    tracer: Tracer<'_>,
    claimed: &Claimed,
    judge: &dyn Fn(&Trace) -> Judged,
    limits: &Limits,
) -> Result<Proof, NoSuchThing> {
    let who = Who { from: claimed.from.as_ref(), ext_authz: claimed.ext_authz };
    let mut left = None;
    let mut any = false;
    for to in destinations(tracer, claimed)? {
        for going in ways::ways(tracer, &to, who)?.iter().filter(|going| claimed.goes(going)) {
            match one(tracer, claimed, going, judge, limits) {
                Found::Nothing => {}
                Found::Holds => any = true,
                Found::Fails(request, trace) => return Ok(Proof::Fails(request, trace)),
                Found::NotDecided(reason) => {
                    left.get_or_insert(reason);
                }
            }
        }
    }
    Ok(match (left, any) {
        (Some(reason), _) => Proof::NotDecided(reason),
        (None, true) => Proof::Holds,
        (None, false) => Proof::NotDecided("no request is like this, so that nothing is proved".to_owned()),
    })
}

/// What one way comes to.
enum Found {
    /// No request goes this way.
    Nothing,
    Holds,
    Fails(Box<RequestSpec>, Box<Trace>),
    NotDecided(String),
}

fn one<'a>(
    tracer: Tracer<'a>,
    claimed: &Claimed,
    going: &Going<'a>,
    judge: &dyn Fn(&Trace) -> Judged,
    limits: &Limits,
) -> Found {
    let question = Question {
        base: going.base.clone(),
        only: going.only,
        outside: going.outside,
        wanted: &claimed.wanted,
        limits,
    };
    let tried = Space::new(tracer, &going.plan, &question).and_then(|mut space| {
        let mut found = Found::Nothing;
        for mark in space.diagrams.outcomes(space.decision) {
            let of = space.with_mark(mark)?;
            let Some(example) = space.example(of)? else { continue };
            let trace = tracer.trace(&example)?;
            let judged = judge(&trace);
            if judged == Judged::Violated {
                return Ok(Found::Fails(Box::new(rows::spec(&example)), Box::new(trace)));
            }
            if judged == Judged::NotKnown || space.marks.is_unknown(mark) {
                let why = if judged == Judged::NotKnown { trace.reason } else { NOT_ALL.to_owned() };
                found = Found::NotDecided(why);
            } else if matches!(found, Found::Nothing) {
                found = Found::Holds;
            }
        }
        Ok(found)
    });
    tried.unwrap_or_else(|error| Found::NotDecided(error.to_string()))
}

/// What is said where a claim holds of an example, and files do not tell of others.
const NOT_ALL: &str = "files do not tell what comes of all of these requests";

fn destinations(tracer: Tracer<'_>, claimed: &Claimed) -> Result<Vec<Destination>, NoSuchThing> {
    let mut all = Vec::new();
    for to in &claimed.to {
        match to {
            To::One(to) => all.extend(ways::with_ports(tracer.mesh, to)?),
            To::Like(start, end) => {
                let every = ways::everything(tracer.mesh).into_iter();
                all.extend(every.filter(|to| is_like(&to.host, start, end)));
            }
        }
    }
    Ok(all)
}

/// Whether a host is like a text with a star in it; `*.shop` has what is in the namespace `shop`.
fn is_like(host: &str, start: &str, end: &str) -> bool {
    let short = host.split_once(".svc.").map_or(host, |(short, _)| short);
    let fits =
        |host: &str| host.len() >= start.len() + end.len() && host.starts_with(start) && host.ends_with(end);
    fits(host) || fits(short)
}

impl Claimed {
    /// Whether any of its requests go a way.
    fn goes(&self, going: &Going<'_>) -> bool {
        let is_http = |wanted: &Wanted| {
            !matches!(wanted.attribute, Attribute::Principal | Attribute::Peer | Attribute::Client)
        };
        // What is not HTTP has no path and no method.
        let speaks = going.speaks != WireProtocol::Bytes || !self.wanted.iter().any(is_http);
        let through = match (&self.through, &going.plan) {
            (None, _) => true,
            (Some(None), Plan::Through { .. }) => true,
            (Some(Some(name)), Plan::Through { waypoint, .. }) => waypoint.name == *name,
            (Some(_), _) => false,
        };
        speaks && through
    }
}
