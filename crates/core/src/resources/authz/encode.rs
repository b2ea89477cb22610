//! Encoding RBAC filters from the inside out: their rules are up to ten messages deep.

use envoy::Encoded;
use envoy::config::rbac::v3::{Policy, Rbac};
use envoy::extensions::filters::http::rbac::v3::Rbac as HttpRbac;

use crate::resources::field;

/// The HTTP filter's configuration, as prost encodes it.
pub(super) fn http_rbac(config: HttpRbac) -> Encoded<HttpRbac> {
    let HttpRbac { rules: enforced, shadow_rules: shadow, .. } = config;
    let mut fields = Encoded::with_capacity(MOST);
    for (number, rbac) in [(field::http_rbac::RULES, enforced), (field::http_rbac::SHADOW_RULES, shadow)] {
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
        fields.entry(field::rbac::POLICIES, &name, |fields| policy(value, fields));
    }
    fields.merge(&Rbac { action: 0, policies: [].into(), ..rbac });
}

fn policy(policy: Policy, fields: &mut Encoded<Policy>) {
    let Policy { permissions, principals, .. } = policy;
    for permission in &permissions {
        fields.message(field::policy::PERMISSIONS, permission);
    }
    for principal in &principals {
        fields.message(field::policy::PRINCIPALS, principal);
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
