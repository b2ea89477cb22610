//! Ports of Services in messages: which there are, and what a number may be instead of one.

use crate::mesh::{Port, Protocol, Service, ServiceSource};
use crate::snapshot::message::IntOrString;

/// How many ports are listed.
const MAX_LISTED: usize = 5;

/// The ports of a Service: `80 (http), 9090`.
pub(crate) fn list(service: &Service) -> String {
    let one = |port: &Port| match port.name.as_str() {
        "" => port.number.to_string(),
        name => format!("{} (`{name}`)", port.number),
    };
    let mut all: Vec<String> = service.ports.iter().take(MAX_LISTED).map(one).collect();
    if service.ports.is_empty() {
        return "no ports".to_owned();
    }
    if service.ports.len() > MAX_LISTED {
        all.push(format!("{} more", service.ports.len() - MAX_LISTED));
    }
    all.join(", ")
}

/// Whether rules for requests, or for connections, hold for a port: both where the protocol is detected.
pub(crate) const fn takes(protocol: Protocol, is_http: bool) -> bool {
    if is_http { protocol.is_http() || protocol.is_unsupported() } else { !protocol.is_http() }
}

/// What is spoken on a port: `https`.
pub(crate) fn spoken(port: &Port) -> String {
    format!("{:?}", port.protocol).to_lowercase()
}

/// Where the protocol of a Service's ports is declared.
pub(crate) const fn declared_by(service: &Service) -> &'static str {
    match service.source {
        ServiceSource::Kubernetes(_) => "its name or `appProtocol`",
        ServiceSource::ServiceEntry(_) => "its `protocol`",
    }
}

/// The port of the Service whose target port has this number.
pub(crate) fn of_target(service: &Service, number: u32) -> Option<u32> {
    match &service.source {
        ServiceSource::Kubernetes(object) => object.spec.ports.iter().find_map(|port| {
            let is_target = port.target_port == Some(IntOrString::Int(number.into()));
            is_target.then(|| u32::try_from(port.port).ok()).flatten()
        }),
        ServiceSource::ServiceEntry(_) => {
            service.ports.iter().find(|port| port.target_port == Some(number)).map(|port| port.number)
        }
    }
}

/// What a number is instead of a port, to stand behind it: that it is a target port.
pub(crate) fn what_it_is(service: &Service, number: u32) -> String {
    match of_target(service, number) {
        Some(port) => format!(" (it is the target port of its port {port})"),
        None => String::new(),
    }
}

/// What to write instead of a number that is no port.
pub(crate) fn help(service: &Service, number: u32) -> String {
    match (of_target(service, number), service.ports.as_slice()) {
        (Some(port), _) => format!("write the Service's port, {port}"),
        (None, [only]) => format!("write the Service's port, {}", only.number),
        (None, _) => format!("write one of the Service's ports: {}", list(service)),
    }
}
