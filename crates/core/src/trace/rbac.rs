//! Envoy's RBAC: policies, their rules, and which of them fits.
//!
//! Source: [the RBAC filter](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter).

use envoy::config::core::v3::TypedExtensionConfig;
use envoy::config::rbac::v3::permission::Rule;
use envoy::config::rbac::v3::principal::Identifier;
use envoy::config::rbac::v3::rbac::Action;
use envoy::config::rbac::v3::{Permission, Policy, Principal, Rbac};
use envoy::extensions::path::r#match::uri_template::v3::UriTemplateMatchConfig;
use envoy::r#type::matcher::v3::{PathMatcher, filter_state_matcher, path_matcher};

use super::condition::{Condition, Fact, Truth};
use super::connection::{Address, Connection};
use super::headers::Headers;
use super::matchers::{self, Metadata};
use super::outcome::{Because, Detail};
use super::template;
use crate::resources::authz::policy_name;
use crate::snapshot::Cause;

/// What rules look at.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) connection: &'a Connection,
    /// The address that the request counts as coming from.
    pub(super) remote: &'a Address,
    /// Nothing for a connection that is not HTTP.
    pub(super) headers: Option<&'a Headers>,
    pub(super) metadata: &'a Metadata,
}

/// What the policies of a filter come to.
#[derive(Clone, Debug)]
pub(super) struct Judgement {
    pub(super) action: Action,
    /// The first policy that fits, by name.
    pub(super) matched: Option<String>,
    /// Whether any fits.
    pub(super) fits: Truth,
    /// Each policy up to the one that fits, and why it does or not.
    pub(super) details: Vec<Detail>,
}

impl Judgement {
    /// Whether the request passes.
    pub(super) const fn passes(&self) -> Truth {
        match self.action {
            Action::Allow => self.fits,
            Action::Deny => self.fits.not(),
            Action::Log => Truth::Yes,
        }
    }

    /// The rule that fits.
    pub(super) fn cause(&self) -> Option<Cause> {
        policy_name::cause(self.matched.as_deref()?)
    }

    /// The policy, where it is a single one that has all rules.
    pub(super) fn only_policy(&self) -> Option<Cause> {
        let causes = || self.details.iter().filter_map(|detail| Some(&detail.because.as_ref()?.0.object));
        let first = causes().next()?;
        causes().all(|object| object == first).then(|| first.clone().into())
    }
}

/// Asks policies by name, up to the first that fits.
pub(super) fn judge(rbac: &Rbac, subject: Subject<'_>) -> Judgement {
    let mut judgement =
        Judgement { action: rbac.action(), matched: None, fits: Truth::No, details: Vec::new() };
    for (name, policy) in &rbac.policies {
        let condition = self::policy(policy, subject);
        let truth = condition.truth();
        judgement.details.push(detail(name, &condition));
        match truth {
            Truth::Yes => {
                judgement.fits = Truth::Yes;
                judgement.matched = Some(name.clone());
                return judgement;
            }
            Truth::Unknown => judgement.fits = Truth::Unknown,
            Truth::No => {}
        }
    }
    judgement
}

fn detail(name: &str, condition: &Condition) -> Detail {
    let why = condition.why();
    let because = policy_name::cause(name);
    let what = because
        .as_ref()
        .map_or_else(|| format!("`{name}`"), |cause| format!("{} {}", cause.object, cause.field));
    let text = match condition.truth() {
        Truth::Yes if why.is_empty() => format!("{what} fits every request"),
        Truth::Yes => format!("{what} fits: {why}"),
        Truth::No if why.is_empty() => format!("{what} fits no request"),
        Truth::No => format!("{what} does not fit: {why}"),
        Truth::Unknown => format!("{what}: {why}"),
    };
    Detail { fits: condition.truth().known(), text, because: because.map(Because) }
}

fn policy(policy: &Policy, subject: Subject<'_>) -> Condition {
    let permissions = policy.permissions.iter().map(|each| permission(each, subject)).collect();
    let principals = policy.principals.iter().map(|each| principal(each, subject)).collect();
    let mut all = vec![Condition::Any(permissions), Condition::Any(principals)];
    if policy.condition.is_some() || policy.checked_condition.is_some() {
        all.push(Condition::unknown("a condition in CEL"));
    }
    Condition::All(all)
}

fn permission(permission: &Permission, subject: Subject<'_>) -> Condition {
    let each = |rules: &[Permission]| rules.iter().map(|rule| self::permission(rule, subject)).collect();
    match &permission.rule {
        Some(Rule::AndRules(set)) => Condition::All(each(&set.rules)),
        Some(Rule::OrRules(set)) => Condition::Any(each(&set.rules)),
        Some(Rule::NotRule(other)) => Condition::Not(Box::new(self::permission(other, subject))),
        Some(Rule::Any(any)) => Condition::constant(*any),
        Some(Rule::Header(matcher)) => header(matcher, subject),
        Some(Rule::UrlPath(matcher)) => url_path(matcher, subject),
        Some(Rule::UriTemplate(template)) => uri_template(template, subject),
        Some(Rule::Metadata(matcher)) => matchers::metadata(matcher, subject.metadata),
        Some(Rule::RequestedServerName(matcher)) => {
            // Envoy compares with an empty name where there is none.
            let name = subject.connection.server_name.as_deref().unwrap_or_default();
            matchers::text("server name", matcher, Some(name))
        }
        Some(Rule::DestinationPort(port)) => number("port", subject.connection.port, *port),
        Some(Rule::DestinationPortRange(range)) => {
            let port = i64::from(subject.connection.port);
            Condition::Fact(Fact {
                subject: "port".to_owned(),
                found: Some(port.to_string()),
                wanted: format!("from {} to {}", range.start, range.end - 1),
                truth: (i64::from(range.start)..i64::from(range.end)).contains(&port).into(),
            })
        }
        Some(Rule::DestinationIp(range)) => {
            matchers::address("address of the destination", range, Some(subject.connection.ip))
        }
        Some(Rule::Matcher(_) | Rule::SourcedMetadata(_)) | None => {
            Condition::unknown("what an extension looks at")
        }
    }
}

fn principal(principal: &Principal, subject: Subject<'_>) -> Condition {
    let each = |ids: &[Principal]| ids.iter().map(|id| self::principal(id, subject)).collect();
    match &principal.identifier {
        Some(Identifier::AndIds(set)) => Condition::All(each(&set.ids)),
        Some(Identifier::OrIds(set)) => Condition::Any(each(&set.ids)),
        Some(Identifier::NotId(other)) => Condition::Not(Box::new(self::principal(other, subject))),
        Some(Identifier::Any(any)) => Condition::constant(*any),
        Some(Identifier::Header(matcher)) => header(matcher, subject),
        Some(Identifier::UrlPath(matcher)) => url_path(matcher, subject),
        Some(Identifier::Metadata(matcher)) => matchers::metadata(matcher, subject.metadata),
        Some(Identifier::Authenticated(authenticated)) => {
            let peer = subject.connection.certificate.as_deref();
            match &authenticated.principal_name {
                Some(matcher) => matchers::text("principal", matcher, peer),
                None => Condition::constant(peer.is_some()),
            }
        }
        Some(Identifier::FilterState(matcher)) => {
            let found = match subject.connection.state.get(&matcher.key) {
                Some(None) => return Condition::unknown(format!("`{}`", matcher.key)),
                Some(Some(found)) => Some(found.as_str()),
                None => None,
            };
            let name = match matcher.key.as_str() {
                "io.istio.peer_principal" => "principal".to_owned(),
                key => format!("`{key}`"),
            };
            match &matcher.matcher {
                Some(filter_state_matcher::Matcher::StringMatch(text)) => matchers::text(name, text, found),
                _ => Condition::unknown(name),
            }
        }
        Some(Identifier::DirectRemoteIp(range) | Identifier::SourceIp(range)) => {
            address("address of the peer", range, &subject.connection.peer)
        }
        Some(Identifier::RemoteIp(range)) => address("address of the client", range, subject.remote),
        Some(Identifier::SourcedMetadata(_) | Identifier::Custom(_)) | None => {
            Condition::unknown("what an extension looks at")
        }
    }
}

/// The peer of a listener inside the waypoint is the waypoint: it has no address.
fn address(subject: &str, range: &envoy::config::core::v3::CidrRange, found: &Address) -> Condition {
    match found {
        Address::Known(ip) => matchers::address(subject, range, Some(*ip)),
        Address::Unknown => matchers::address(subject, range, None),
        Address::None => {
            let length = range.prefix_len.as_ref().map_or(0, |length| length.value);
            Condition::Fact(Fact {
                subject: subject.to_owned(),
                found: Some("the waypoint itself".to_owned()),
                wanted: format!("{}/{length}", range.address_prefix),
                truth: Truth::No,
            })
        }
    }
}

fn number(subject: &str, found: u16, wanted: u32) -> Condition {
    Condition::Fact(Fact {
        subject: subject.to_owned(),
        found: Some(found.to_string()),
        wanted: format!("`{wanted}`"),
        truth: (u32::from(found) == wanted).into(),
    })
}

fn header(matcher: &envoy::config::route::v3::HeaderMatcher, subject: Subject<'_>) -> Condition {
    match subject.headers {
        Some(headers) => matchers::header(matcher, headers),
        // What is not HTTP has none.
        None => matchers::header(matcher, &Headers::default()),
    }
}

fn url_path(matcher: &PathMatcher, subject: Subject<'_>) -> Condition {
    let path = subject.headers.and_then(Headers::bare_path);
    match &matcher.rule {
        Some(path_matcher::Rule::Path(text)) => matchers::text("path", text, path.as_deref()),
        None => Condition::unknown("path"),
    }
}

fn uri_template(config: &TypedExtensionConfig, subject: Subject<'_>) -> Condition {
    let template = config.typed_config.as_ref().and_then(|any| envoy::unpack(any).ok());
    let Some(UriTemplateMatchConfig { path_template }) = template else {
        return Condition::unknown("path by an extension");
    };
    let path = subject.headers.and_then(Headers::bare_path);
    Condition::Fact(Fact {
        subject: "path".to_owned(),
        truth: path.as_deref().map_or(Truth::No, |path| template::fits(&path_template, path)),
        found: path,
        wanted: format!("like `{path_template}`"),
    })
}
