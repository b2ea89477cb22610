//! Finds what has a host that matches a hostname, without asking everything.
//!
//! Two hosts match when they are equal, or when one is a wildcard, `*` and a suffix, and the other ends with
//! that suffix; of two wildcards one suffix has to end with the other. All is therefore a question of
//! suffixes: hosts are kept reversed, where those with a common suffix stand next to each other.

use std::collections::{BTreeMap, BTreeSet};

/// Positions by host.
#[derive(Clone, Debug, Default)]
pub(super) struct HostIndex {
    /// Reversed hosts without a wildcard.
    exact: BTreeMap<Vec<u8>, Vec<usize>>,
    /// Reversed suffixes of wildcard hosts.
    wildcard: BTreeMap<Vec<u8>, Vec<usize>>,
    /// How long the suffixes are: few lengths have to be tried.
    lengths: BTreeSet<usize>,
}

impl HostIndex {
    /// Adds a host of the thing at `id`.
    pub(super) fn insert(&mut self, host: &str, id: usize) {
        match host.strip_prefix('*') {
            Some(suffix) => {
                self.lengths.insert(suffix.len());
                self.wildcard.entry(reversed(suffix)).or_default().push(id);
            }
            None => self.exact.entry(reversed(host)).or_default().push(id),
        }
    }

    /// Everything with a matching host, once, in order of position.
    pub(super) fn matching(&self, hostname: &str) -> Vec<usize> {
        let mut out = Vec::new();
        let suffix = hostname.strip_prefix('*');
        let key = reversed(suffix.unwrap_or(hostname));
        for prefix in self.lengths.iter().map_while(|length| key.get(..*length)) {
            out.extend(self.wildcard.get(prefix).into_iter().flatten());
        }
        if suffix.is_some() {
            out.extend(starting_with(&self.wildcard, &key));
            out.extend(starting_with(&self.exact, &key));
        } else {
            out.extend(self.exact.get(&key).into_iter().flatten());
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}

fn starting_with<'a>(
    map: &'a BTreeMap<Vec<u8>, Vec<usize>>,
    prefix: &'a [u8],
) -> impl Iterator<Item = &'a usize> {
    map.range(prefix.to_vec()..).take_while(move |(key, _)| key.starts_with(prefix)).flat_map(|(_, ids)| ids)
}

fn reversed(text: &str) -> Vec<u8> {
    text.bytes().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching(hosts: &[&str], hostname: &str) -> Vec<usize> {
        let mut index = HostIndex::default();
        for (id, host) in hosts.iter().enumerate() {
            index.insert(host, id);
        }
        index.matching(hostname)
    }

    #[test]
    fn wildcards_match_suffixes_in_both_directions() {
        let hosts = [
            "a.example.com",
            "*.example.com",
            "*",
            "*.com",
            "b.example.org",
            "*.a.example.com",
            "example.com",
        ];
        assert_eq!(matching(&hosts, "a.example.com"), [0, 1, 2, 3]);
        assert_eq!(matching(&hosts, "*.example.com"), [0, 1, 2, 3, 5]);
        assert_eq!(matching(&hosts, "*"), [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(matching(&hosts, "example.com"), [2, 3, 6]);
        assert_eq!(matching(&hosts, "c.example.net"), [2]);
    }

    #[test]
    fn a_thing_with_several_matching_hosts_is_found_once() {
        let mut index = HostIndex::default();
        index.insert("a.b", 7);
        index.insert("*.b", 7);
        assert_eq!(index.matching("a.b"), [7]);
    }
}
