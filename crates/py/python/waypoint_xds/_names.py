"""The names of fields and kinds: in the API, and as the ``kubernetes`` client has them."""

from __future__ import annotations

_WORDS = {
    "api": "API",
    "cidr": "CIDR",
    "cidrs": "CIDRs",
    "cpu": "CPU",
    "fqdn": "FQDN",
    "id": "ID",
    "io": "IO",
    "ip": "IP",
    "ipc": "IPC",
    "ips": "IPs",
    "pid": "PID",
    "tls": "TLS",
    "uid": "UID",
    "uri": "URI",
    "urls": "URLs",
    "uuid": "UUID",
    "wwns": "WWNs",
}
"""Words that the API does not write as others, where they are not a name's first."""


def json_name(attribute: str) -> str:
    """The name in the API of an attribute of the client: ``clusterIP`` of ``cluster_ip``, ``from`` of ``_from``."""
    first, *rest = attribute.lstrip("_").split("_")
    return first + "".join(_WORDS.get(word, word[:1].upper() + word[1:]) for word in rest)


BY_LABEL = frozenset(
    {
        "allocatable",
        "allocated_resource_statuses",
        "allocated_resources",
        "annotations",
        "binary_data",
        "capacity",
        "data",
        "deprecated_topology",
        "labels",
        "limits",
        "match_labels",
        "node_selector",
        "overhead",
        "parameters",
        "requests",
        "string_data",
        "user_annotations",
        "volume_attributes",
    }
)
"""Fields whose keys are data, and no names."""

SELECTOR = "selector"
"""The field whose keys are labels in a Service, and names in a Deployment: those below."""
NAMES_OF_SELECTORS = frozenset({"match_expressions", "match_labels"})

GROUPS = {
    "ConfigMap": "",
    "DaemonSet": "apps",
    "Deployment": "apps",
    "EndpointSlice": "discovery.k8s.io",
    "Endpoints": "",
    "Job": "batch",
    "Namespace": "",
    "Node": "",
    "Pod": "",
    "ReplicaSet": "apps",
    "Secret": "",
    "Service": "",
    "ServiceAccount": "",
    "StatefulSet": "apps",
}
"""The API group of each kind of the client's models that is read."""
