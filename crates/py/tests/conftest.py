"""What the tests share."""

from __future__ import annotations

from pathlib import Path

import pytest

from waypoint_xds import Snapshot, Translation, translate

ROOT = Path(__file__).parents[3]

SHOP = """\
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: waypoint, namespace: shop}
spec:
  gatewayClassName: istio-waypoint
  listeners: [{name: mesh, port: 15008, protocol: HBONE}]
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
spec: {clusterIP: 10.96.0.7, selector: {app: cart}, ports: [{name: http, port: 80}]}
"""


@pytest.fixture(scope="session")
def cases() -> Path:
    """The golden files' cases."""
    return ROOT / "testdata" / "cases"


@pytest.fixture
def shop() -> Translation:
    """A small mesh."""
    return translate(Snapshot.from_yaml(SHOP, name="shop.yaml"))


@pytest.fixture(scope="session")
def bookinfo(cases: Path) -> Translation:
    """The mesh of the article."""
    return translate(Snapshot.from_files(cases / "bookinfo-reviews-sa.yaml"), release="1.18")
