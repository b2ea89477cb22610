//! Encoding RBAC filters from the inside out: their rules are up to ten messages deep.

use envoy::Encoded;
use envoy::config::rbac::v3::{Policy, Rbac};
use envoy::extensions::filters::http::rbac::v3::Rbac as HttpRbac;

/// The numbers of the fields that hold what is large.
mod field {
    /// Of the filter.
    pub(super) const RULES: u32 = 1;
    /// Of the filter.
    pub(super) const SHADOW_RULES: u32 = 2;
    /// Of its rules.
    pub(super) const POLICIES: u32 = 2;
    /// Of a policy.
    pub(super) const PERMISSIONS: u32 = 1;
    /// Of a policy.
    pub(super) const PRINCIPALS: u32 = 2;
}

/// The HTTP filter's configuration, as prost encodes it.
pub(super) fn http_rbac(config: HttpRbac) -> Encoded<HttpRbac> {
    let HttpRbac { rules: enforced, shadow_rules: shadow, .. } = config;
    let mut fields = Encoded::with_capacity(MOST);
    for (number, rbac) in [(field::RULES, enforced), (field::SHADOW_RULES, shadow)] {
        if let Some(rbac) = rbac {
            fields.nest(number, |fields| rules(rbac, fields));
        }
    }
    fields.merge(&HttpRbac { rules: None, shadow_rules: None, ..config });
    fields
}

/// Most configurations take less than this.
const MOST: usize = 1024;

fn rules(rbac: Rbac, fields: &mut Encoded<Rbac>) {
    let Rbac { action, policies, .. } = rbac;
    fields.merge(&Rbac { action, ..Rbac::default() });
    for (name, value) in policies {
        fields.entry(field::POLICIES, &name, |fields| policy(value, fields));
    }
    fields.merge(&Rbac { action: 0, policies: [].into(), ..rbac });
}

fn policy(policy: Policy, fields: &mut Encoded<Policy>) {
    let Policy { permissions, principals, .. } = policy;
    for permission in &permissions {
        fields.message(field::PERMISSIONS, permission);
    }
    for principal in &principals {
        fields.message(field::PRINCIPALS, principal);
    }
    fields.merge(&Policy { permissions: Vec::new(), principals: Vec::new(), ..policy });
}

#[cfg(test)]
mod tests {
    use super::super::rule::{always, never};
    use super::*;
    use envoy::config::rbac::v3::rbac::Action;

    #[test]
    fn comes_out_as_prost_encodes_it() {
        let policies = [("a".to_owned(), always()), ("b".to_owned(), never())];
        let rbac = Rbac { action: Action::Deny.into(), policies: policies.into(), ..Rbac::default() };
        let config = HttpRbac {
            rules: Some(rbac.clone()),
            shadow_rules: Some(rbac),
            shadow_rules_stat_prefix: "prefix".to_owned(),
            ..HttpRbac::default()
        };
        assert_eq!(http_rbac(config.clone()), Encoded::of(&config));
        assert_eq!(http_rbac(HttpRbac::default()), Encoded::default());
    }
}
