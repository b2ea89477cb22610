//! Values of the snapshot as Envoy's messages write them.

use envoy::google::protobuf;

use crate::snapshot::Duration;

/// A span of time.
pub(crate) const fn duration(span: Duration) -> protobuf::Duration {
    protobuf::Duration { seconds: span.secs(), nanos: span.subsec_nanos() }
}
