"""What Istio's control plane would send each ambient waypoint: from YAML to Envoy's configuration, without a cluster.

>>> from waypoint_xds import Snapshot, translate
>>> snapshot = Snapshot.from_yaml('''
... apiVersion: gateway.networking.k8s.io/v1
... kind: Gateway
... metadata: {name: waypoint, namespace: shop}
... spec:
...   gatewayClassName: istio-waypoint
...   listeners: [{name: mesh, port: 15008, protocol: HBONE}]
... ''')
>>> translation = translate(snapshot, release="1.31")
>>> list(translation)
['shop/waypoint']
"""

from __future__ import annotations

from collections.abc import Mapping

from . import _settings, _waypoint_xds
from ._errors import InputError, SettingsError, WaypointXdsError
from ._waypoint_xds import (
    RELEASES,
    Change,
    Cost,
    Distribution,
    Edit,
    Fix,
    Maker,
    NamespaceCost,
    ObjectRef,
    Origin,
    Place,
    Problem,
    Related,
    Replacement,
    Resource,
    Snapshot,
    Summary,
    Table,
    Trace,
    Translation,
    Waypoint,
    __version__,
    explain,
)
from ._traces import (
    TraceCause,
    TraceDestination,
    TraceDetail,
    TraceEndpoint,
    TraceForwarded,
    TraceHeaders,
    TraceLine,
    TraceOutcome,
    TracePlace,
    TraceResource,
    TraceStep,
    TraceVerdict,
)
from ._words import (
    Assume,
    Auto,
    Dialect,
    EditChange,
    Feature,
    Kind,
    Limit,
    LintOverride,
    MeshConfig,
    Readiness,
    Release,
    ResourceList,
    Rule,
    Severity,
    SubjectKind,
    Validate,
    ZtunnelKind,
)

__all__ = [
    "RELEASES",
    "Assume",
    "Change",
    "Cost",
    "Dialect",
    "Distribution",
    "Edit",
    "EditChange",
    "Feature",
    "Fix",
    "InputError",
    "Kind",
    "Limit",
    "LintOverride",
    "Maker",
    "MeshConfig",
    "NamespaceCost",
    "ObjectRef",
    "Origin",
    "Place",
    "Problem",
    "Readiness",
    "Related",
    "Release",
    "Replacement",
    "Resource",
    "ResourceList",
    "Rule",
    "SettingsError",
    "Severity",
    "Snapshot",
    "SubjectKind",
    "Summary",
    "Table",
    "Trace",
    "TraceCause",
    "TraceDestination",
    "TraceDetail",
    "TraceEndpoint",
    "TraceForwarded",
    "TraceHeaders",
    "TraceLine",
    "TraceOutcome",
    "TracePlace",
    "TraceResource",
    "TraceStep",
    "TraceVerdict",
    "Translation",
    "Validate",
    "Waypoint",
    "WaypointXdsError",
    "ZtunnelKind",
    "__version__",
    "cost",
    "explain",
    "translate",
]

# It has all that a mapping has, but a compiled class cannot inherit from the abstract one.
Mapping.register(Translation)


def translate(
    snapshot: Snapshot,
    *,
    release: Release | Auto = RELEASES[-1],
    revision: str | None = None,
    helm_values: MeshConfig | None = None,
    mesh_config: MeshConfig | None = None,
    waypoint: str | None = None,
    readiness: Readiness = "assumed",
    assume: Assume = "all",
    features: Mapping[str, Feature] | None = None,
    dialect: Dialect = "istio-proxy",
    validate: Validate = "strict",
) -> Translation:
    """What Istio's control plane would send every waypoint of a snapshot.

    :param release: the release of Istio to speak for, one of ``RELEASES`` or a patch of it (``1.30.2``); ``auto`` is what the
        snapshot's images tell, else the newest.
    :param revision: the revision of the control plane (``istio.io/rev``): its settings count, and what it reads; ``default``
        is that without a name. By default what is of any revision counts, with the settings of the default one.
    :param helm_values: values of Istio's Helm charts: their ``meshConfig`` and the feature flags that they give istiod count.
    :param mesh_config: MeshConfig, merged over the snapshot's and the release's defaults.
    :param waypoint: ``namespace/name``: this waypoint only.
    :param readiness: whether a waypoint without status addresses counts as ready: ``assumed`` or ``observed``.
    :param assume: what is assumed of objects that were never applied to a cluster, as in files from Git: addresses of
        Services, the Pods of Deployments and the like, Namespaces (``all``), or ``nothing``.
    :param features: feature flags of the control plane, by Istio's names.
    :param dialect: the Envoy that is spoken to: ``istio-proxy``, or upstream's ``envoy`` without Istio's own filters.
    :param validate: what is said of fields that no release of an API has, in kubectl's words: ``strict`` makes them
        errors, ``warn`` warnings, ``ignore`` nothing.
    :raises SettingsError: an argument is not one of those expected, or there is no such waypoint.

    The GIL is released meanwhile. A problem with one object never loses the rest: see ``Translation.problems``.
    """
    settings = _settings.to_json(
        release=release,
        revision=revision,
        helm_values=helm_values,
        mesh_config=mesh_config,
        waypoint=waypoint,
        readiness=readiness,
        assume=assume,
        features=features,
        dialect=dialect,
        validate=validate,
    )
    return _waypoint_xds.translate(snapshot, settings)


def cost(
    snapshot: Snapshot,
    *,
    rule: Rule = "namespace",
    replicas: int | None = None,
    release: Release | Auto = RELEASES[-1],
    revision: str | None = None,
    helm_values: MeshConfig | None = None,
    mesh_config: MeshConfig | None = None,
    readiness: Readiness = "assumed",
    assume: Assume = "all",
    features: Mapping[str, Feature] | None = None,
) -> Cost:
    """How much configuration sidecars and waypoints hold, and how many get a push when a Service changes.

    :param rule: what a sidecar holds: its ``namespace``'s configurations, or the ``mesh``'s.
    :param replicas: of a waypoint that has no pods in the snapshot; by default 2 for ``namespace``, 1 for ``mesh``.
    :raises SettingsError: an argument is not one of those expected.
    """
    settings = _settings.to_json(
        release=release,
        revision=revision,
        helm_values=helm_values,
        mesh_config=mesh_config,
        readiness=readiness,
        assume=assume,
        features=features,
    )
    return _waypoint_xds.cost(snapshot, settings, rule, replicas)
