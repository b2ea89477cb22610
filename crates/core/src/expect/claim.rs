//! What is claimed of all requests that are like something: `never` and `always`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::like::{self, Not};
use super::values::HeaderValue;
use crate::names::WaypointName;
use crate::trace::classes::Attribute;
use crate::trace::classes::access::{Claimed, Is, Judged, To, Wanted};
use crate::trace::{ExtAuthz, Source, Trace, Verdict};

/// One text, or several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected a text, or a list of texts")]
enum Texts {
    One(String),
    Several(Vec<String>),
}

/// One value, or several.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "expected a value, or a list of values")]
enum Any<T> {
    One(T),
    Several(Vec<T>),
}

/// Who asks, as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "expected a text as for a request, or a mapping of `namespace`, `notNamespace`, `principal`, `notPrincipal`, `address`, `notAddress`"
)]
enum Asking {
    /// This one, as for a request.
    Source(String),
    /// Anybody who is like this.
    Like(Box<Clients>),
}

/// Clients, as policies write them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Clients {
    namespace: Option<Texts>,
    not_namespace: Option<Texts>,
    principal: Option<Texts>,
    not_principal: Option<Texts>,
    address: Option<Texts>,
    not_address: Option<Texts>,
}

/// A claim as it is written.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(super) struct Written {
    from: Option<Asking>,
    to: Option<Texts>,
    via: Option<String>,
    ext_authz: Option<String>,
    method: Option<Texts>,
    not_method: Option<Texts>,
    path: Option<Texts>,
    not_path: Option<Texts>,
    host: Option<Texts>,
    not_host: Option<Texts>,
    headers: BTreeMap<String, Option<HeaderValue>>,
    claims: BTreeMap<String, Option<HeaderValue>>,
    token: Option<bool>,
    reaches: Option<bool>,
    verdict: Option<Any<Verdict>>,
    status: Option<Any<u16>>,
    service: Option<Texts>,
}

/// What is claimed of all requests that are like something.
#[derive(Clone, Debug)]
pub struct Claim {
    requests: Claimed,
    never: bool,
    reaches: Option<bool>,
    verdicts: Vec<Verdict>,
    statuses: Vec<u16>,
    services: Vec<String>,
}

/// What is wrong with a claim: a field, and why.
pub(super) type Wrong = (&'static str, String);

impl Texts {
    fn all(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Several(texts) => texts,
        }
    }
}

impl<T> Any<T> {
    fn all(self) -> Vec<T> {
        match self {
            Self::One(value) => vec![value],
            Self::Several(values) => values,
        }
    }
}

/// The texts of a field; a list has some.
fn texts(field: &'static str, texts: Option<Texts>) -> Result<Vec<String>, Wrong> {
    match texts.map(Texts::all) {
        Some(all) if all.is_empty() => Err((field, "the list is empty".to_owned())),
        all => Ok(all.unwrap_or_default()),
    }
}

impl Claim {
    /// The claim that is written as `never`, or as `always`.
    pub(super) fn new(written: Written, never: bool) -> Result<Self, Wrong> {
        let mut wanted = Vec::new();
        let from = match written.from {
            None => None,
            Some(Asking::Source(source)) => {
                Some(source.parse::<Source>().map_err(|error| ("from", error.to_string()))?)
            }
            Some(Asking::Like(clients)) => {
                of_clients(*clients, &mut wanted)?;
                None
            }
        };
        let of_texts = [
            ("method", Attribute::Method, written.method, false),
            ("notMethod", Attribute::Method, written.not_method, true),
            ("path", Attribute::Path, written.path, false),
            ("notPath", Attribute::Path, written.not_path, true),
            ("host", Attribute::Host, written.host, false),
            ("notHost", Attribute::Host, written.not_host, true),
        ];
        for (field, attribute, all, not) in of_texts {
            let any: Vec<Is> = texts(field, all)?.iter().map(|text| like::text(text)).collect();
            if !any.is_empty() {
                wanted.push(Wanted { attribute, any, not });
            }
        }
        wanted.extend(written.headers.iter().map(|(name, value)| like::header(name, value.as_ref())));
        wanted.extend(written.claims.iter().map(|(name, value)| like::claim(name, value.as_ref())));
        wanted.extend(written.token.map(like::token));
        let to = texts("to", written.to)?;
        if to.is_empty() {
            return Err(("to", "it is needed: who is asked; `*` is every Service".to_owned()));
        }
        let claim = Self {
            requests: Claimed {
                to: to.iter().map(|to| destination(to)).collect::<Result<_, _>>()?,
                from,
                through: written.via.as_deref().map(through).transpose()?,
                wanted,
                ext_authz: written.ext_authz.as_deref().map(answer).transpose()?,
            },
            never,
            reaches: written.reaches,
            verdicts: written.verdict.map(Any::all).unwrap_or_default(),
            statuses: written.status.map(Any::all).unwrap_or_default(),
            services: texts("service", written.service)?,
        };
        if claim.says_nothing() {
            let needed = "nothing is claimed: `reaches`, `verdict`, `status` or `service` is needed";
            return Err(("", needed.to_owned()));
        }
        Ok(claim)
    }

    fn says_nothing(&self) -> bool {
        self.reaches.is_none()
            && self.verdicts.is_empty()
            && self.statuses.is_empty()
            && self.services.is_empty()
    }

    /// The requests that it is about.
    pub(crate) fn requests(&self) -> &Claimed {
        &self.requests
    }

    /// `never`, or `always`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        if self.never { "never" } else { "always" }
    }

    /// Whether what comes of a request is as it says: of all that may come by chance.
    pub(crate) fn judge(&self, trace: &Trace) -> Judged {
        let mut judged = Judged::Holds;
        for chance in &trace.outcomes {
            let outcome = &chance.outcome;
            if outcome.verdict == Verdict::Unknown && !self.verdicts.contains(&Verdict::Unknown) {
                judged = Judged::NotKnown;
                continue;
            }
            let is_so = self.reaches.is_none_or(|reaches| (outcome.verdict == Verdict::Allowed) == reaches)
                && (self.verdicts.is_empty() || self.verdicts.contains(&outcome.verdict))
                && (self.statuses.is_empty()
                    || outcome.status.is_some_and(|status| self.statuses.contains(&status)))
                && (self.services.is_empty() || outcome.verdict == Verdict::Allowed && self.goes(trace));
            if is_so == self.never {
                return Judged::Violated;
            }
        }
        judged
    }

    /// Whether a request may go to any of the Services; always: whether it goes to nothing else.
    fn goes(&self, trace: &Trace) -> bool {
        let mut targets = trace.destinations.iter().filter(|target| target.probability > 0.0).map(|target| {
            let host = target.service.as_deref().unwrap_or_default();
            self.services.iter().any(|service| super::compare::is_host(service, host))
        });
        if self.never { targets.any(|is| is) } else { targets.all(|is| is) }
    }
}

fn of_clients(clients: Clients, wanted: &mut Vec<Wanted>) -> Result<(), Wrong> {
    let who = |all: Vec<String>, is: fn(&str) -> Is, not: Not| {
        let any: Vec<Is> = all.iter().map(|text| is(text)).collect();
        (!any.is_empty()).then_some(Wanted { attribute: Attribute::Principal, any, not })
    };
    wanted.extend(who(texts("from.namespace", clients.namespace)?, like::namespace, false));
    wanted.extend(who(texts("from.notNamespace", clients.not_namespace)?, like::namespace, true));
    wanted.extend(who(texts("from.principal", clients.principal)?, like::principal, false));
    wanted.extend(who(texts("from.notPrincipal", clients.not_principal)?, like::principal, true));
    let addresses =
        [("from.address", clients.address, false), ("from.notAddress", clients.not_address, true)];
    for (field, all, not) in addresses {
        let all = texts(field, all)?;
        let any = all.iter().map(|text| like::block(text).map_err(|why| (field, why)));
        let any: Vec<Is> = any.collect::<Result<_, _>>()?;
        if !any.is_empty() {
            wanted.push(Wanted { attribute: Attribute::Client, any, not });
        }
    }
    Ok(())
}

fn destination(text: &str) -> Result<To, Wrong> {
    if let Some((start, end)) = text.split_once('*') {
        return Ok(To::Like(start.to_owned(), end.to_owned()));
    }
    text.parse().map(To::One).map_err(|error: crate::trace::NotADestination| ("to", error.to_string()))
}

fn through(text: &str) -> Result<Option<WaypointName>, Wrong> {
    if text == "waypoint" {
        return Ok(None);
    }
    let expected = || format!("`{text}` is none: expected `waypoint`, or NAMESPACE/NAME of one");
    text.parse().map(Some).map_err(|_| ("via", expected()))
}

fn answer(text: &str) -> Result<ExtAuthz, Wrong> {
    text.parse().map_err(|error: crate::trace::NotAnAnswer| ("extAuthz", error.to_string()))
}

/// A claim in short, for its name.
pub(super) fn named(word: &str, written: Option<&Value>) -> String {
    format!("{word} {}", written.map(ToString::to_string).unwrap_or_default())
}
