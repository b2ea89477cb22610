//! Whether a policy of ztunnel's fits the connections of a waypoint. Where that cannot be told, nobody says.

use envoy::istio::security::string_match::MatchType;
use envoy::istio::security::{Authorization, Group, Match, Rules, StringMatch};

use crate::mesh::{Mesh, Waypoint};

/// Who a waypoint is.
pub(super) struct Identity<'m> {
    namespace: &'m str,
    account: &'m str,
    principal: String,
    /// The same in the other trust domains that may stand for the mesh's.
    others: Vec<String>,
}

impl<'m> Identity<'m> {
    pub(super) fn of(mesh: &'m Mesh, waypoint: &'m Waypoint) -> Self {
        let namespace = waypoint.name.namespace.as_str();
        let account = waypoint.proxy.service_account.as_str();
        let in_domain = |domain: &str| format!("{domain}/ns/{namespace}/sa/{account}");
        let aliases = mesh.config.trust_domain_aliases.iter().map(|alias| alias.as_str());
        Self {
            namespace,
            account,
            principal: in_domain(&mesh.config.trust_domain),
            others: aliases.chain(["cluster.local"]).map(in_domain).collect(),
        }
    }

    pub(super) fn principal(&self) -> &str {
        &self.principal
    }

    /// Whether a policy fits; without a port, for any port.
    pub(super) fn fits(&self, policy: &Authorization, port: Option<u32>) -> Option<bool> {
        any(policy.groups.iter().map(|group| self.fits_group(group, port)))
    }

    /// Whether all rules of a group fit.
    pub(super) fn fits_group(&self, group: &Group, port: Option<u32>) -> Option<bool> {
        all(group.rules.iter().map(|rules| self.fits_rules(rules, port)))
    }

    fn fits_rules(&self, rules: &Rules, port: Option<u32>) -> Option<bool> {
        if rules.matches.is_empty() {
            return Some(true);
        }
        any(rules.matches.iter().map(|matching| self.fits_match(matching, port)))
    }

    fn fits_match(&self, m: &Match, port: Option<u32>) -> Option<bool> {
        if *m == Match::default() {
            return Some(false);
        }
        let accounts = |accounts: &[envoy::istio::security::ServiceAccountMatch]| {
            let mut each = accounts.iter();
            Some(each.any(|a| a.namespace == self.namespace && a.service_account == self.account))
        };
        let namespaces =
            |texts: &[StringMatch]| any(texts.iter().map(|text| Some(fits(text, self.namespace))));
        let principals = |texts: &[StringMatch]| any(texts.iter().map(|text| self.fits_principal(text)));
        let ports = |ports: &[u32]| port.map(|port| ports.contains(&port));
        let unknown = |is_empty: bool| if is_empty { Some(true) } else { None };
        all([
            clause(&m.namespaces, namespaces),
            without(&m.not_namespaces, namespaces),
            clause(&m.service_accounts, accounts),
            without(&m.not_service_accounts, accounts),
            clause(&m.principals, principals),
            without(&m.not_principals, principals),
            clause(&m.destination_ports, ports),
            without(&m.not_destination_ports, ports),
            unknown(m.source_ips.is_empty() && m.not_source_ips.is_empty()),
            unknown(m.destination_ips.is_empty() && m.not_destination_ips.is_empty()),
        ])
    }

    fn fits_principal(&self, text: &StringMatch) -> Option<bool> {
        if fits(text, &self.principal) {
            return Some(true);
        }
        let may_be = self.others.iter().any(|principal| fits(text, principal));
        if may_be { None } else { Some(false) }
    }
}

/// Whether values fit; none say nothing.
fn clause<T>(values: &[T], fit: impl Fn(&[T]) -> Option<bool>) -> Option<bool> {
    if values.is_empty() { Some(true) } else { fit(values) }
}

/// Whether values do not fit.
fn without<T>(values: &[T], fit: impl Fn(&[T]) -> Option<bool>) -> Option<bool> {
    if values.is_empty() { Some(true) } else { fit(values).map(|fits| !fits) }
}

fn any(each: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut is_known = true;
    for one in each {
        match one {
            Some(true) => return Some(true),
            Some(false) => {}
            None => is_known = false,
        }
    }
    is_known.then_some(false)
}

fn all(each: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    any(each.into_iter().map(|one| one.map(|fits| !fits))).map(|some_do_not| !some_do_not)
}

fn fits(text: &StringMatch, value: &str) -> bool {
    match &text.match_type {
        Some(MatchType::Exact(exact)) => exact == value,
        Some(MatchType::Prefix(prefix)) => value.starts_with(prefix.as_str()),
        Some(MatchType::Suffix(suffix)) => value.ends_with(suffix.as_str()),
        Some(MatchType::Presence(_)) => !value.is_empty(),
        None => false,
    }
}
