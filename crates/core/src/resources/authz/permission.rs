//! Permissions: what of a rule is about the destination and the operation.

use envoy::config::core::v3::TypedExtensionConfig;
use envoy::config::rbac::v3::Permission;
use envoy::config::rbac::v3::permission::{Rule, Set};
use envoy::extensions::path::r#match::uri_template::v3::UriTemplateMatchConfig;
use envoy::r#type::matcher::v3::ValueMatcher;

use super::attribute::Target;
use super::matcher;
use super::rule::{Clause, Context, Unmatchable, cidr, each, http_only, together};
use crate::Str;
use crate::rules::RequestIdentity;

/// All of the clauses.
pub(super) fn all<'c>(
    clauses: impl IntoIterator<Item = &'c Clause<'c, Target>>,
    context: Context<'_>,
) -> Result<Permission, Unmatchable> {
    let mut rules = Vec::new();
    for clause in clauses {
        rules.extend(alternatives(&clause.attribute, &clause.values, context)?);
        rules.extend(alternatives(&clause.attribute, &clause.not_values, context)?.map(not));
    }
    if rules.is_empty() {
        rules.push(any());
    }
    Ok(permission(Rule::AndRules(Set { rules })))
}

/// One of the values.
fn alternatives(
    target: &Target,
    values: &[Str],
    context: Context<'_>,
) -> Result<Option<Permission>, Unmatchable> {
    if let (Target::Metadata(key), RequestIdentity::JwtAuthn) = (target, context.release.request_identity) {
        return together(values, context, |values| {
            let (filter, key) = key.as_ref().ok_or(Unmatchable::Malformed)?;
            let value = matcher::any_value(values.iter().map(|v| metadata_value(v)).collect());
            Ok(permission(Rule::Metadata(matcher::metadata(filter, [key.as_str()], value))))
        });
    }
    let rules = each(values, context, |value| one(target, value, context))?;
    Ok((!rules.is_empty()).then(|| permission(Rule::OrRules(Set { rules }))))
}

fn one(target: &Target, value: &str, context: Context<'_>) -> Result<Permission, Unmatchable> {
    if matches!(target, Target::Host | Target::Method | Target::Path) {
        http_only(context)?;
    }
    Ok(permission(match target {
        Target::Host => Rule::Header(matcher::host(value)),
        Target::Method => Rule::Header(matcher::header(":method", value, context.release.header_values)),
        Target::Path if context.release.path_templates && is_template(value) => {
            Rule::UriTemplate(uri_template(value))
        }
        Target::Path => Rule::UrlPath(matcher::path(value)),
        Target::DestinationPort => Rule::DestinationPort(port(value)?),
        Target::DestinationIp => Rule::DestinationIp(cidr(value, context)?),
        Target::Sni => Rule::RequestedServerName(matcher::string(value)),
        Target::Metadata(key) => {
            let (filter, key) = key.as_ref().ok_or(Unmatchable::Malformed)?;
            Rule::Metadata(matcher::metadata(filter, [key.as_str()], metadata_value(value)))
        }
    }))
}

/// `[x]` is a list with the element `x`, anything else a string.
fn metadata_value(value: &str) -> ValueMatcher {
    if value.starts_with('[') && value.ends_with(']') {
        let element = value.trim_matches(['[', ']']);
        matcher::list_value(matcher::string_value(matcher::string(element)))
    } else {
        matcher::string_value(matcher::string(value))
    }
}

fn port(value: &str) -> Result<u32, Unmatchable> {
    value.parse::<u16>().map(u32::from).map_err(|_| Unmatchable::Malformed)
}

const ONE_SEGMENT: &str = "{*}";
const ANY_SEGMENTS: &str = "{**}";

/// Whether a path has `{*}` or `{**}`.
fn is_template(path: &str) -> bool {
    path.contains(ONE_SEGMENT) || path.contains(ANY_SEGMENTS)
}

/// Envoy spells the templates without braces:
/// <https://www.envoyproxy.io/docs/envoy/latest/api-v3/extensions/path/match/uri_template/v3/uri_template_match.proto>.
fn uri_template(path: &str) -> TypedExtensionConfig {
    let path_template = path.replace(ONE_SEGMENT, "*").replace(ANY_SEGMENTS, "**");
    TypedExtensionConfig {
        name: "uri-template".to_owned(),
        typed_config: Some(envoy::any(&UriTemplateMatchConfig { path_template })),
    }
}

/// Everything.
pub(super) fn any() -> Permission {
    permission(Rule::Any(true))
}

/// The contrary.
pub(super) fn not(other: Permission) -> Permission {
    permission(Rule::NotRule(Box::new(other)))
}

fn permission(rule: Rule) -> Permission {
    Permission { rule: Some(rule) }
}
