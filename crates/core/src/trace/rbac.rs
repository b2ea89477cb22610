//! Envoy's RBAC: policies, their rules, and which of them fits.
//!
//! Source: [the RBAC
//! filter](https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/rbac_filter).

use envoy::config::core::v3::TypedExtensionConfig;
use envoy::config::rbac::v3::permission::Rule as Allowed;
use envoy::config::rbac::v3::principal::Identifier;
use envoy::config::rbac::v3::rbac::Action;
use envoy::config::rbac::v3::{Permission, Policy, Principal, Rbac};
use envoy::extensions::path::r#match::uri_template::v3::UriTemplateMatchConfig;
use envoy::r#type::matcher::v3::{FilterStateMatcher, PathMatcher, filter_state_matcher, path_matcher};
use envoy::{Encoded, Message};

use super::asked::{RequestTest, Subject};
use super::condition::{Condition, Truth};
use super::outcome::{DecidedBy, Detail};
use super::template::Template;
use crate::resources::authz::policy_name;
use crate::snapshot::Cause;

/// A condition on a request.
pub(super) type RequestCondition = Condition<RequestTest>;

/// The policies of a filter: the first that fits decides.
#[derive(Clone, Debug)]
pub(super) struct Policies {
    pub(super) action: Action,
    /// By name.
    pub(super) rules: Vec<Rule>,
    /// The policy, where it is a single one that has all rules.
    only: Option<Cause>,
}

/// A policy of a filter: a rule of an AuthorizationPolicy.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) name: String,
    /// The rule that it was made of.
    pub(super) cause: Option<Cause>,
    pub(super) condition: RequestCondition,
}

/// What the policies of a filter come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judgement<'a> {
    policies: &'a Policies,
    /// The first rule that fits.
    pub(super) matched: Option<&'a Rule>,
    /// Whether any fits.
    pub(super) fits: Truth,
}

impl From<&Encoded<Rbac>> for Policies {
    fn from(rbac: &Encoded<Rbac>) -> Self {
        rbac.decode().map_or_else(|_| Self::unreadable(), |rbac| Self::from(&rbac))
    }
}

impl From<&Rbac> for Policies {
    fn from(rbac: &Rbac) -> Self {
        let rule = |(name, message): (&String, &Encoded<Policy>)| Rule {
            name: name.clone(),
            cause: policy_name::cause(name),
            condition: read(message, policy),
        };
        let rules: Vec<Rule> = rbac.policies.iter().map(rule).collect();
        let objects = || rules.iter().filter_map(|rule| Some(&rule.cause.as_ref()?.object));
        let only = objects().next().filter(|first| objects().all(|object| object == *first));
        let only = only.map(|object| object.clone().into());
        Self { action: rbac.action(), rules, only }
    }
}

impl Policies {
    /// Those of which nothing is known.
    fn unreadable() -> Self {
        let condition = unknown("what cannot be read");
        let rule = Rule { name: String::new(), cause: None, condition };
        Self { action: Action::Allow, rules: vec![rule], only: None }
    }

    /// Asks rules by name, up to the first that fits.
    pub(super) fn judge(&self, subject: Subject<'_, '_>) -> Judgement<'_> {
        let mut fits = Truth::No;
        for rule in &self.rules {
            match rule.condition.truth(subject) {
                Truth::Yes => return Judgement { policies: self, matched: Some(rule), fits: Truth::Yes },
                Truth::Unknown => fits = Truth::Unknown,
                Truth::No => {}
            }
        }
        Judgement { policies: self, matched: None, fits }
    }
}

impl<'a> Judgement<'a> {
    pub(super) fn action(&self) -> Action {
        self.policies.action
    }

    /// Whether the request passes.
    pub(super) fn passes(&self) -> Truth {
        match self.action() {
            Action::Allow => self.fits,
            Action::Deny => self.fits.not(),
            Action::Log => Truth::Yes,
        }
    }

    /// The rule that fits.
    pub(super) fn cause(&self) -> Option<&'a Cause> {
        self.matched?.cause.as_ref()
    }

    /// What decides: the rule that fits, or the policy, where it is a single one that has all rules.
    pub(super) fn decided_by(&self) -> Option<&'a Cause> {
        match self.matched {
            Some(rule) => rule.cause.as_ref(),
            None => self.policies.only.as_ref(),
        }
    }

    /// The rules up to the one that fits.
    fn asked(&self) -> impl Iterator<Item = &'a Rule> {
        let mut done = false;
        let matched = self.matched;
        self.policies.rules.iter().take_while(move |rule| {
            let goes_on = !done;
            done = matched.is_some_and(|matched| std::ptr::eq(matched, *rule));
            goes_on
        })
    }

    /// Each rule up to the one that fits, and why it does or not.
    pub(super) fn details(&self, subject: Subject<'_, '_>) -> Vec<Detail> {
        self.asked().map(|rule| rule.detail(subject)).collect()
    }
}

impl Rule {
    fn detail(&self, subject: Subject<'_, '_>) -> Detail {
        let why = self.condition.why(subject);
        let what = self
            .cause
            .as_ref()
            .map_or_else(|| format!("`{}`", self.name), |cause| format!("{} {}", cause.object, cause.field));
        let truth = self.condition.truth(subject);
        let text = match truth {
            Truth::Yes if why.is_empty() => format!("{what} fits every request"),
            Truth::Yes => format!("{what} fits: {why}"),
            Truth::No if why.is_empty() => format!("{what} fits no request"),
            Truth::No => format!("{what} does not fit: {why}"),
            Truth::Unknown => format!("{what}: {why}"),
        };
        Detail { fits: truth.known(), text, because: self.cause.clone().map(DecidedBy) }
    }
}

fn policy(policy: &Policy) -> RequestCondition {
    let permissions = policy.permissions.iter().map(|message| read(message, permission)).collect();
    let principals = policy.principals.iter().map(|message| read(message, principal)).collect();
    let mut all = vec![Condition::Any(permissions), Condition::Any(principals)];
    if policy.condition.is_some() || policy.checked_condition.is_some() {
        all.push(unknown("a condition in CEL"));
    }
    Condition::All(all)
}

/// The condition of a message.
fn read<M: Message + Default>(
    message: &Encoded<M>,
    condition: impl FnOnce(&M) -> RequestCondition,
) -> RequestCondition {
    message.decode().map_or_else(|_| unknown("what cannot be read"), |message| condition(&message))
}

/// One that files do not tell.
fn unknown(what: &'static str) -> RequestCondition {
    Condition::Test(RequestTest::Unknown(what.into()))
}

fn permission(permission: &Permission) -> RequestCondition {
    let each = |rules: &[Permission]| rules.iter().map(self::permission).collect();
    Condition::Test(match &permission.rule {
        Some(Allowed::AndRules(set)) => return Condition::All(each(&set.rules)),
        Some(Allowed::OrRules(set)) => return Condition::Any(each(&set.rules)),
        Some(Allowed::NotRule(other)) => return Condition::Not(Box::new(self::permission(other))),
        Some(Allowed::Any(any)) => return Condition::constant(*any),
        Some(Allowed::Header(matcher)) => RequestTest::Header(matcher.into()),
        Some(Allowed::UrlPath(matcher)) => url_path(matcher),
        Some(Allowed::UriTemplate(template)) => uri_template(template),
        Some(Allowed::Metadata(matcher)) => RequestTest::Metadata(matcher.into()),
        Some(Allowed::RequestedServerName(matcher)) => RequestTest::ServerName(matcher.into()),
        Some(Allowed::DestinationPort(port)) => RequestTest::Port(*port),
        Some(Allowed::DestinationPortRange(range)) => RequestTest::Ports(range.start, range.end),
        Some(Allowed::DestinationIp(range)) => RequestTest::Destination(range.into()),
        Some(Allowed::Matcher(_) | Allowed::SourcedMetadata(_)) | None => {
            return unknown("what an extension looks at");
        }
    })
}

fn principal(principal: &Principal) -> RequestCondition {
    let each = |ids: &[Principal]| ids.iter().map(self::principal).collect();
    Condition::Test(match &principal.identifier {
        Some(Identifier::AndIds(set)) => return Condition::All(each(&set.ids)),
        Some(Identifier::OrIds(set)) => return Condition::Any(each(&set.ids)),
        Some(Identifier::NotId(other)) => return Condition::Not(Box::new(self::principal(other))),
        Some(Identifier::Any(any)) => return Condition::constant(*any),
        Some(Identifier::Header(matcher)) => RequestTest::Header(matcher.into()),
        Some(Identifier::UrlPath(matcher)) => url_path(matcher),
        Some(Identifier::Metadata(matcher)) => RequestTest::Metadata(matcher.into()),
        Some(Identifier::Authenticated(authenticated)) => {
            RequestTest::Certificate(authenticated.principal_name.as_ref().map(Into::into))
        }
        Some(Identifier::FilterState(matcher)) => state(matcher),
        Some(Identifier::DirectRemoteIp(range) | Identifier::SourceIp(range)) => {
            RequestTest::Peer(range.into())
        }
        Some(Identifier::RemoteIp(range)) => RequestTest::Client(range.into()),
        Some(Identifier::SourcedMetadata(_) | Identifier::Custom(_)) | None => {
            return unknown("what an extension looks at");
        }
    })
}

/// A test of an object that a filter keeps.
pub(super) fn state(matcher: &FilterStateMatcher) -> RequestTest {
    let test = match &matcher.matcher {
        Some(filter_state_matcher::Matcher::StringMatch(text)) => Some(text.into()),
        _ => None,
    };
    RequestTest::State { key: matcher.key.clone(), test }
}

fn url_path(matcher: &PathMatcher) -> RequestTest {
    match &matcher.rule {
        Some(path_matcher::Rule::Path(text)) => RequestTest::Path(text.into()),
        None => RequestTest::Unknown("path".into()),
    }
}

fn uri_template(config: &TypedExtensionConfig) -> RequestTest {
    let template = config.typed_config.as_ref().and_then(|any| envoy::unpack(any).ok());
    match template {
        Some(UriTemplateMatchConfig { path_template }) => {
            RequestTest::PathTemplate(Template::new(path_template))
        }
        None => RequestTest::Unknown("path by an extension".into()),
    }
}
