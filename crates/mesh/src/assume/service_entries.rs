//! The addresses that Istio allocates for ServiceEntries: which ones, depends on all entries of a cluster and
//! on the order in which they came. Where no status tells, they are as assumed as those of Services, whether
//! or not anything else is.

use std::sync::Arc;

use super::{names, note};
use crate::detect;
use crate::options::Options;
use crate::problem::Problem;
use crate::snapshot::networking::ServiceEntry;
use crate::snapshot::networking::service_entry::{gets_addresses, host_gets_addresses};
use crate::snapshot::{Object, Reading, Snapshot};

/// The ServiceEntries whose addresses are assumed, by their position in the snapshot.
#[derive(Debug, Default)]
pub(super) struct Allocated {
    positions: Vec<usize>,
    names: Vec<String>,
}

/// Finds the ServiceEntries for which Istio allocates addresses that no status tells, where the release does
/// so.
pub(super) fn allocated(reading: &Reading, options: &Options) -> Allocated {
    let entries = &reading.snapshot.service_entries;
    let mut found = Allocated::default();
    let mut wanted = entries.iter().enumerate().filter(|(_, entry)| is_unknown(entry)).peekable();
    if wanted.peek().is_none() || !detect::settle(reading, options).0.rules().registry.allocates_addresses {
        return found;
    }
    for (position, entry) in wanted {
        found.positions.push(position);
        found.names.push(format!("{}/{}", entry.meta.namespace, entry.meta.name));
    }
    found
}

/// Whether some host of an entry has an address that its status does not tell; not what was marked before.
fn is_unknown(entry: &Object<ServiceEntry>) -> bool {
    let spec = &entry.spec;
    let is_told = |host: &str| spec.status.addresses.iter().any(|address| address.host == host);
    gets_addresses(entry)
        && !entry.meta.has_assumed_address()
        && spec.hosts.iter().any(|host| host_gets_addresses(host, spec) && !is_told(host))
}

impl Allocated {
    pub(super) fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    pub(super) fn note(&self) -> Problem {
        let entries = match self.names.len() {
            1 => "1 ServiceEntry".to_owned(),
            number => format!("{number} ServiceEntries"),
        };
        let names = names(&self.names);
        note(format!("assumed addresses in 240.240.0.0/16 for {entries} without `addresses`: {names}"))
    }

    pub(super) fn apply(self, snapshot: &mut Snapshot) {
        for position in self.positions {
            let Some(entry) = snapshot.service_entries.get_mut(position) else { continue };
            Arc::make_mut(entry).meta.assume_address();
        }
    }
}
