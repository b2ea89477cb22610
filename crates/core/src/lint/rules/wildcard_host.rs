//! `wildcard-host`: VirtualServices whose wildcard hosts take over Services.

use crate::lint::list;
use crate::lint::{Context, Rule};
use crate::mesh::hostname::{overlap, resolve};
use crate::problem::{Code, Problem};

pub(super) const RULE: Rule = Rule::new(Code::WildcardHost, include_str!("wildcard_host.md"), check);

fn check(cx: &Context<'_>) -> Vec<Problem> {
    let mut found = Vec::new();
    for object in &cx.snapshot.virtual_services {
        let name = object.object_ref();
        if !cx.routing().has(&name) {
            continue;
        }
        for (i, host) in object.spec.hosts.iter().enumerate().filter(|(_, host)| host.starts_with('*')) {
            // A VirtualService that names a host, too, is meant for it; so is one for a ServiceEntry's
            // wildcard.
            let is_named = |hostname: &str| {
                object.spec.hosts.iter().any(|host| resolve(host, &object.meta.namespace) == hostname)
            };
            let taken: Vec<String> = cx
                .routing()
                .of(&name)
                .map(|routed| &routed.service.hostname)
                .filter(|hostname| {
                    !hostname.starts_with('*') && overlap(host, hostname) && !is_named(hostname)
                })
                .map(|hostname| format!("`{hostname}`"))
                .collect();
            if taken.is_empty() {
                continue;
            }
            let message = format!(
                "the host `{host}` is compared with the names of Services, not with a request's Host header: \
                 these routes hold for {}",
                list::plain(&taken)
            );
            found.push(
                Problem::new(Code::WildcardHost, message)
                    .on(name.clone())
                    .field(format!("spec.hosts[{i}]"))
                    .help(
                        "list the hosts of the Services that are meant; match the Host header by `authority`",
                    ),
            );
        }
    }
    found
}
