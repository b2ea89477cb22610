//! Workload identities.

use std::fmt;
use std::str::FromStr;

/// A SPIFFE identity as Istio forms it: `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    /// The trust domain, `cluster.local` by default.
    pub trust_domain: String,
    /// The workload's namespace.
    pub namespace: String,
    /// The workload's service account.
    pub service_account: String,
}

/// A text that is no identity.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{0}` is neither `NAMESPACE/SERVICE-ACCOUNT` nor `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`"
)]
pub struct NotAnIdentity(String);

impl Identity {
    /// An identity of the trust domain `cluster.local`.
    #[must_use]
    pub fn new(namespace: &str, service_account: &str) -> Self {
        Self {
            trust_domain: "cluster.local".to_owned(),
            namespace: namespace.to_owned(),
            service_account: service_account.to_owned(),
        }
    }

    /// The same workload in another trust domain.
    #[must_use]
    pub fn of_trust_domain(self, trust_domain: &str) -> Self {
        Self { trust_domain: trust_domain.to_owned(), ..self }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trust_domain, namespace, service_account } = self;
        write!(f, "spiffe://{trust_domain}/ns/{namespace}/sa/{service_account}")
    }
}

impl FromStr for Identity {
    type Err = NotAnIdentity;

    fn from_str(text: &str) -> Result<Self, NotAnIdentity> {
        let parts: Vec<&str> = text.strip_prefix("spiffe://").unwrap_or(text).split('/').collect();
        match *parts.as_slice() {
            [trust_domain, "ns", namespace, "sa", service_account] => {
                Ok(Self::new(namespace, service_account).of_trust_domain(trust_domain))
            }
            [namespace, service_account] => Ok(Self::new(namespace, service_account)),
            _ => Err(NotAnIdentity(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_read_in_both_forms() {
        let curl = Identity::new("shop", "curl");
        assert_eq!("shop/curl".parse::<Identity>().unwrap(), curl);
        assert_eq!(curl.to_string().parse::<Identity>().unwrap(), curl);
        assert_eq!(curl.of_trust_domain("other").to_string(), "spiffe://other/ns/shop/sa/curl");
        assert!("curl".parse::<Identity>().is_err());
        assert!("spiffe://td/ns/shop".parse::<Identity>().is_err());
    }
}
