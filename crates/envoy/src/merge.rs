//! Merging messages as Go's `proto.Merge` does.
//!
//! Fields with a value replace, messages merge, lists append, entries of maps replace those of the same key,
//! and a member of a oneof replaces the others. Protobuf's encoding is made so that this is concatenation:
//! <https://protobuf.dev/programming-guides/encoding/#last-one-wins>.

use prost::{DecodeError, Message};

/// Merges `patch` into `base`.
///
/// # Errors
///
/// When messages are nested deeper than prost decodes; `base` is then merged in part.
pub fn merge<M: Message>(base: &mut M, patch: &M) -> Result<(), DecodeError> {
    base.merge(patch.encode_to_vec().as_slice())
}

/// Merges two encoded messages of the same type, whichever it is.
///
/// What comes out decodes to the merged message, but is not the encoding that prost would write.
#[must_use]
pub fn merge_encoded(base: &[u8], patch: &[u8]) -> Vec<u8> {
    [base, patch].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    const CLUSTER: &str = "envoy.config.cluster.v3.Cluster";

    fn merged(base: serde_json::Value, patch: serde_json::Value) -> serde_json::Value {
        let [base, patch] =
            [base, patch].map(|json| json::parse::<crate::config::cluster::v3::Cluster>(&json).unwrap());
        let encoded = merge_encoded(&base.encode_to_vec(), &patch.encode_to_vec());
        let mut typed = base;
        merge(&mut typed, &patch).unwrap();
        let text = json::to_json(&typed).unwrap();
        assert_eq!(json::encode(CLUSTER, &encoded).unwrap(), text);
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn merges_as_go_does() {
        let base = serde_json::json!({
            "name": "a",
            "type": "EDS",
            "connectTimeout": "10s",
            "edsClusterConfig": {"serviceName": "s"},
            "filters": [{"name": "one"}],
            "metadata": {"filterMetadata": {"istio": {"kept": 1}, "other": {}}},
        });
        let patch = serde_json::json!({
            "clusterType": {"name": "replaces type"},
            "connectTimeout": "0.500s",
            "edsClusterConfig": {"edsConfig": {"ads": {}}},
            "filters": [{"name": "two"}],
            "metadata": {"filterMetadata": {"istio": {"new": true}}},
        });
        let expected = serde_json::json!({
            "name": "a",
            "clusterType": {"name": "replaces type"},
            "edsClusterConfig": {"edsConfig": {"ads": {}}, "serviceName": "s"},
            // Seconds are not set in the patch: proto.Merge knows nothing of durations.
            "connectTimeout": "10.500s",
            "metadata": {"filterMetadata": {"istio": {"new": true}, "other": {}}},
            "filters": [{"name": "one"}, {"name": "two"}],
        });
        assert_eq!(merged(base, patch), expected);
    }

    #[test]
    fn the_same_member_of_a_oneof_merges() {
        let base = serde_json::json!({"ringHashLbConfig": {"minimumRingSize": "5"}});
        let same = serde_json::json!({"ringHashLbConfig": {"maximumRingSize": "9"}});
        let other = serde_json::json!({"maglevLbConfig": {}});
        let both = serde_json::json!({"ringHashLbConfig": {"minimumRingSize": "5", "maximumRingSize": "9"}});
        assert_eq!(merged(base.clone(), same), both);
        assert_eq!(merged(base, other.clone()), other);
    }
}
