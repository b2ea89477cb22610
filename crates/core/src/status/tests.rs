//! Corners of statuses that few snapshots have.
