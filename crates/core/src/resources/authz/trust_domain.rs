//! Trust domain aliases: a principal of one of the mesh's trust domains stands for that identity in all of
//! them.
//!
//! Source:
//! [trust domain migration](https://istio.io/latest/docs/tasks/security/authorization/authz-td-migration/).

use crate::Str;

/// What `cluster.local` in a principal means: whatever the mesh's trust domains are.
const ANY_LOCAL: &str = "cluster.local";
/// Where repeated migration stops: see [`TrustDomains::migrate`].
const MAX_VALUES: usize = 1 << 12;

/// The mesh's trust domain, and its aliases after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TrustDomains(Vec<Str>);

impl TrustDomains {
    pub(super) fn new(trust_domain: &Str, aliases: &[Str]) -> Self {
        Self(std::iter::once(trust_domain).chain(aliases).cloned().collect())
    }

    /// Replaces each principal by the same identity in each trust domain, `times` times over. None if they
    /// stay as they are.
    ///
    /// Istio migrates a principal of a rule's `when` once for each `from` of that rule, because these share
    /// it: with aliases, the values of the second time are those of the first, several times. The number
    /// grows by a power, so here it ends somewhere.
    pub(super) fn migrate(&self, principals: &[Str], times: usize) -> Option<Vec<Str>> {
        if principals.iter().all(|principal| self.keeps(principal)) {
            return None;
        }
        let mut values = principals.to_vec();
        for _ in 0..times {
            let next: Vec<Str> = values.iter().flat_map(|p| self.aliases_of(p)).collect();
            if next == values || next.len() > MAX_VALUES {
                break;
            }
            values = next;
        }
        Some(values)
    }

    /// A trust domain of the mesh stands for all of them; repetitions are dropped.
    pub(super) fn expand(&self, trust_domains: &[Str]) -> Vec<Str> {
        let mut expanded = Vec::new();
        for value in trust_domains {
            let these = if self.0.contains(value) { &self.0 } else { std::slice::from_ref(value) };
            for each in these {
                if !expanded.contains(each) {
                    expanded.push(each.clone());
                }
            }
        }
        expanded
    }

    /// The identity in each trust domain, each once.
    fn aliases_of(&self, principal: &Str) -> Vec<Str> {
        let Some((domain, identity)) = self.split(principal) else { return vec![principal.clone()] };
        let mut aliases = Vec::with_capacity(self.0.len());
        for known in &self.0 {
            let alias = if is_alias(known, domain) {
                principal.clone()
            } else {
                format!("{known}/{identity}").into()
            };
            if !aliases.contains(&alias) {
                aliases.push(alias);
            }
        }
        aliases
    }

    /// Whether a principal is its own only alias.
    fn keeps(&self, principal: &str) -> bool {
        self.split(principal).is_none_or(|(domain, _)| self.0.iter().all(|known| is_alias(known, domain)))
    }

    /// The trust domain of `td/ns/…/sa/…` and the rest, if it is one of the mesh.
    fn split<'p>(&self, principal: &'p str) -> Option<(&'p str, &'p str)> {
        let slashes = principal.bytes().filter(|byte| *byte == b'/').count();
        let parts = (slashes == 4).then(|| principal.split_once('/')).flatten();
        parts.filter(|(domain, _)| *domain != "*" && self.knows(domain))
    }

    /// The domain may be a pattern; admission sees to it that those of the mesh are none.
    fn knows(&self, domain: &str) -> bool {
        domain == ANY_LOCAL
            || self
                .0
                .iter()
                .any(|known| domain == known || fits_prefix(known, domain) || fits_suffix(known, domain))
    }
}

/// Whether what a principal says is this trust domain already. A suffix such as `*-td` stays as it is for the
/// domains that it fits.
fn is_alias(known: &str, domain: &str) -> bool {
    known == domain || fits_suffix(known, domain)
}

fn fits_prefix(text: &str, pattern: &str) -> bool {
    pattern.strip_suffix('*').is_some_and(|prefix| text.starts_with(prefix))
}

fn fits_suffix(text: &str, pattern: &str) -> bool {
    pattern.strip_prefix('*').is_some_and(|suffix| text.ends_with(suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domains(all: &[&str]) -> TrustDomains {
        TrustDomains(all.iter().map(Str::new).collect())
    }

    fn migrated(all: &[&str], principal: &str, times: usize) -> Vec<Str> {
        let principals = [Str::new(principal)];
        domains(all).migrate(&principals, times).unwrap_or(principals.into())
    }

    #[test]
    fn a_known_domain_stands_for_all() {
        let both = ["td2/ns/foo/sa/bar", "td1/ns/foo/sa/bar"];
        assert_eq!(migrated(&["td2", "td1"], "td1/ns/foo/sa/bar", 1), both);
        assert_eq!(migrated(&["td2", "td1"], "cluster.local/ns/foo/sa/bar", 1), both);
    }

    #[test]
    fn what_names_no_domain_of_the_mesh_stays() {
        for principal in ["other/ns/foo/sa/bar", "*/ns/foo/sa/bar", "sa/bar", "*", "*/sa/bar"] {
            assert_eq!(migrated(&["td2", "td1"], principal, 1), [principal]);
        }
    }

    #[test]
    fn a_suffix_stays_for_the_domains_that_it_fits() {
        assert_eq!(migrated(&["new-td", "old-td"], "*-td/ns/foo/sa/bar", 1), ["*-td/ns/foo/sa/bar"]);
        assert_eq!(
            migrated(&["new-td", "other"], "*-td/ns/foo/sa/bar", 1),
            ["*-td/ns/foo/sa/bar", "other/ns/foo/sa/bar"]
        );
    }

    #[test]
    fn shared_conditions_are_migrated_repeatedly_within_bounds() {
        let twice = migrated(&["a", "b"], "a/ns/n/sa/s", 2);
        assert_eq!(twice, ["a/ns/n/sa/s", "b/ns/n/sa/s", "a/ns/n/sa/s", "b/ns/n/sa/s"]);
        assert!(migrated(&["a", "b"], "a/ns/n/sa/s", 1000).len() <= MAX_VALUES);
        assert_eq!(migrated(&["a"], "a/ns/n/sa/s", 1000).len(), 1);
    }

    #[test]
    fn trust_domains_expand_once() {
        let values = ["b", "x", "a"].map(Str::new);
        assert_eq!(domains(&["a", "b"]).expand(&values), ["a", "b", "x"]);
    }
}
