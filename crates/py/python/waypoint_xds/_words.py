"""The words that the package's functions take."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict, Union

Release = Literal["1.18", "1.29", "1.30", "1.31"]
"""A release of Istio: one of ``RELEASES``."""

Auto = Literal["auto"]
"""The release that a snapshot's images tell."""

Readiness = Literal["assumed", "observed"]
"""Whether a waypoint without status addresses counts as ready."""

Assume = Literal["all", "nothing"]
"""What is assumed of objects that were never applied to a cluster."""

Validate = Literal["strict", "warn", "ignore"]
"""What is said of fields that no release of an API has, in kubectl's words."""

Limit = Literal["bytes", "depth", "values", "aliases", "problems"]
"""How large an input may be: bytes of one file, depth of nesting, values of one document, values that may come of its aliases
and merge keys for each that is written, problems that are kept."""

Dialect = Literal["istio-proxy", "envoy"]
"""The Envoy that is spoken to: Istio's build, or upstream's without Istio's own filters."""

Rule = Literal["namespace", "mesh"]
"""What a sidecar holds: its namespace's configurations, or the mesh's."""

Kind = Literal["listeners", "clusters", "routes", "endpoints"]
"""The kinds of resources that have a table."""

ResourceList = Literal["listeners", "clusters", "routes", "endpoints", "extensions"]
"""The kinds of resources that a waypoint gets."""

ZtunnelKind = Literal["workloads", "services", "policies"]
"""What ztunnels get."""

SubjectKind = Literal["service", "pod", "waypoint", "policy", "route"]
"""What can be described."""

Severity = Literal["error", "warning", "note"]
"""How bad a problem is."""


class LintOverride(TypedDict, total=False):
    """What lint reports otherwise for some files and namespaces."""

    paths: Sequence[str]
    """The files, as shell patterns that may start at any folder of a path: ``legacy/*.yaml``; all without."""
    namespaces: Sequence[str]
    """The namespaces, as shell patterns; all without."""
    select: Sequence[str]
    """The codes and groups that are reported after all."""
    ignore: Sequence[str]
    """The codes and groups that are not."""
    severity: Mapping[str, Severity]
    """How bad a code or group is."""


EditChange = Literal["set", "rename", "remove"]
"""What becomes of a field."""

Feature = Union[str, bool, int, float]
"""The value of a feature flag."""

MeshConfig = Union[str, "os.PathLike[str]", Mapping[str, object]]
"""A MeshConfig: its text (YAML or JSON), a file's path, or an object."""
