//! What Istio calls the Service that stands for an InferencePool, and how that is told from others.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::Str;
use crate::snapshot::Labels;
use crate::well_known::{POOL_SEMANTICS, SERVICE_SEMANTICS};

/// The label that names the pool: by it Istio knows its Services again.
pub const OF_POOL: &str = "istio.io/inferencepool-name";
/// The labels that say which Service picks an endpoint, at which port, and what comes of requests when it
/// does not.
pub const PICKER: [&str; 3] = [
    "istio.io/inferencepool-extension-service",
    "istio.io/inferencepool-extension-port",
    "istio.io/inferencepool-extension-failure-mode",
];

/// The longest name of a Service.
const LONGEST: usize = 63;

/// The name of a pool's Service: the pool's, as much of it as there is room for, and a hash of it.
pub fn name(pool: &str) -> Str {
    let mut end = String::from("-ip-");
    for byte in Sha256::digest(pool.as_bytes()).iter().take(4) {
        // Text takes whatever is written.
        let _ = write!(end, "{byte:02x}");
    }
    let room = LONGEST - end.len();
    let start: String = pool.chars().take(room).collect();
    (start + &end).into()
}

/// Whether labels say who picks an endpoint.
pub fn has_picker(labels: &Labels) -> bool {
    PICKER.iter().all(|label| labels.get(label).is_some_and(|value| !value.is_empty()))
}

/// Whether a Service with these labels stands for a pool: then all its ports are one.
pub fn is_one(labels: &Labels) -> bool {
    labels.get(SERVICE_SEMANTICS).is_some_and(|semantics| semantics == POOL_SEMANTICS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_in_a_hash_and_have_room_for_it() {
        // The hashes are those of `sha256sum`.
        assert_eq!(name("llm"), "llm-ip-487b9104");
        let long = "a".repeat(80);
        let made = name(&long);
        assert_eq!((made.len(), made.ends_with("-ip-0f45e858")), (63, true), "{made}");
    }
}
