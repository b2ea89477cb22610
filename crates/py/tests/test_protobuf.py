"""Another protobuf library reads what `to_bytes` gives, and writes it again without loss."""

from __future__ import annotations

from pathlib import Path

import pytest
from envoy_data_plane.envoy.config.cluster.v3 import Cluster
from envoy_data_plane.envoy.config.endpoint.v3 import ClusterLoadAssignment
from envoy_data_plane.envoy.config.listener.v3 import Listener

from waypoint_xds import RELEASES, Release, Snapshot, translate

CASES = ["bookinfo-reviews-sa", "authz-allow", "jwt-inline", "dr-outlier", "mesh-access-log-json", "se-dns-endpoints"]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("case", CASES)
def test_messages_are_read_and_written_without_loss(cases: Path, case: str, release: Release) -> None:
    mesh_config = cases / f"{case}.mesh.yaml"
    translation = translate(
        Snapshot.from_files(cases / f"{case}.yaml"),
        release=release,
        mesh_config=mesh_config if mesh_config.exists() else None,
    )
    assert translation
    for waypoint in translation.values():
        for resource in waypoint.clusters:
            cluster = Cluster.parse(resource.to_bytes())
            assert cluster.name == resource.name
            assert len(bytes(cluster)) == len(resource.to_bytes())
            assert Cluster.parse(bytes(cluster)) == cluster
        for resource in waypoint.listeners:
            listener = Listener.parse(resource.to_bytes())
            assert listener.name == resource.name
            assert len(bytes(listener)) == len(resource.to_bytes())
            assert len(listener.filter_chains) == len(resource.to_dict().get("filterChains", []))
        for resource in waypoint.endpoints:
            assignment = ClusterLoadAssignment.parse(resource.to_bytes())
            assert assignment.cluster_name == resource.name
            assert len(bytes(assignment)) == len(resource.to_bytes())
