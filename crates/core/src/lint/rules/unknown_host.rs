//! `unknown-host`: hosts of VirtualServices and DestinationRules that no Service and no ServiceEntry has.

mod known;

use std::net::IpAddr;

use crate::Str;
use crate::lint::{Context, Rule, scope};
use crate::mesh::hostname::resolve;
use crate::nearest::did_you_mean;
use crate::problem::{Change, Code, Fix, Problem, Severity};
use crate::snapshot::networking::VirtualService;
use crate::snapshot::{Object, ObjectRef};
use known::{Known, Suggestion};

pub(super) const RULE: Rule = Rule {
    analyze: &["IST0101", "IST0174"],
    ..Rule::new(Code::UnknownHost, include_str!("unknown_host.md"), check)
};

fn check(cx: &Context<'_>) -> Vec<Problem> {
    if cx.mesh.waypoints.is_empty() {
        return Vec::new();
    }
    let known = Known::new(cx);
    let virtual_services =
        cx.snapshot.virtual_services.iter().flat_map(|object| of_routes(cx, &known, object));
    let mut found: Vec<Problem> = virtual_services.collect();
    for object in &cx.snapshot.destination_rules {
        let host = Host {
            object: object.object_ref(),
            field: "spec.host".to_owned(),
            written: &object.spec.host,
            what: "these settings have no effect",
        };
        found.extend(host.problem(cx, &known));
    }
    found
}

fn of_routes(cx: &Context<'_>, known: &Known<'_>, object: &Object<VirtualService>) -> Vec<Problem> {
    let spec = &object.spec;
    if !scope::is_for_mesh(object) || cx.has_sidecars(&object.meta.namespace) {
        return Vec::new();
    }
    let for_gateways = scope::is_for_gateways(object);
    let has_effect = spec.hosts.iter().any(|host| known.has(&resolve(host, &object.meta.namespace)));
    let hosts = spec.hosts.iter().enumerate().filter_map(|(i, written)| {
        let host = Host {
            object: object.object_ref(),
            field: format!("spec.hosts[{i}]"),
            written,
            what: if has_effect { "this host has no effect" } else { "these routes have no effect" },
        };
        let suggestion = known.suggestion(written, &object.meta.namespace);
        let is_foreign = written.contains('.') && suggestion.is_none();
        // A gateway's hosts are those that clients outside ask for.
        let may_be_gateways = written.contains('.') && !suggestion.is_some_and(|near| near.is_certain);
        if for_gateways && may_be_gateways {
            return None;
        }
        let problem = host.problem(cx, known)?;
        Some(if has_effect && is_foreign { problem.severity(Severity::Note) } else { problem })
    });
    hosts.collect()
}

/// A host as an object writes it.
struct Host<'a> {
    object: ObjectRef,
    field: String,
    written: &'a Str,
    /// What comes of it if nothing has the host.
    what: &'static str,
}

impl Host<'_> {
    /// That nothing has it, where the snapshot is complete enough to say so.
    fn problem(self, cx: &Context<'_>, known: &Known<'_>) -> Option<Problem> {
        let namespace = self.object.namespace.clone();
        let full = resolve(self.written, &namespace);
        if known.has(&full) || full.parse::<IpAddr>().is_ok() {
            return None;
        }
        let suggestion = known.suggestion(self.written, &namespace);
        let concerns_waypoints = match &suggestion {
            Some(near) => {
                known.is_ambient(cx, &namespace) || known.has_waypoints(&resolve(&near.host, &namespace))
            }
            None => known.is_ambient(cx, &namespace) && known.is_complete_for(&full),
        };
        if !concerns_waypoints {
            return None;
        }
        let message = self.message(&full, suggestion.as_ref());
        let problem =
            Problem::new(Code::UnknownHost, message).on(self.object.clone()).field(self.field.clone());
        Some(match suggestion {
            Some(Suggestion { host, is_certain }) => {
                let help = if is_certain { format!("write `{host}`") } else { did_you_mean([&host]) };
                let fix = Fix::new(help.clone(), self.object, self.field, Change::Set(host.to_string()));
                let problem = problem.help(help);
                if is_certain { problem.fix(fix) } else { problem }
            }
            None => {
                problem.help("name a Service, or a ServiceEntry's host; match the Host header by `authority`")
            }
        })
    }

    fn message(&self, full: &Str, suggestion: Option<&Suggestion>) -> String {
        let Self { written, what, .. } = self;
        if full != *written {
            format!("`{written}` means `{full}`, which no Service has: {what}")
        } else if suggestion.is_some_and(|suggestion| suggestion.is_certain) {
            format!("`{written}` is not completed to a full name, and nothing has this host: {what}")
        } else if written.starts_with('*') {
            format!("no host of a Service or ServiceEntry matches `{written}`: {what}")
        } else {
            format!(
                "no Service and no ServiceEntry has the host `{written}`, and hosts are not compared with a \
                 request's Host header: {what}"
            )
        }
    }
}
