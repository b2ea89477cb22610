"""What a trace is made of, as type checkers see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict, Union

TraceVerdict = Literal["allowed", "denied", "answered", "failed", "unknown"]
"""Whether a request gets to its destination: it does, a policy refuses it, a proxy answers itself, nothing is there to take
it, or files do not tell."""

TracePlace = Literal["client", "waypoint", "destination"]
"""Where something was decided: at the client, at the waypoint, or at the ztunnel of the destination."""

TraceHeaders = Union[
    Mapping[str, Union[str, Sequence[str]]],
    Sequence[Union[str, tuple[str, str]]],
]
"""Headers: by name, or a list of ``name: value`` or of pairs."""


class TraceLine(TypedDict):
    """Where a field stands."""

    file: str
    line: int
    column: int
    endLine: int


class TraceCause(TypedDict):
    """A field of an object that is why."""

    kind: str
    namespace: str
    name: str
    field: str
    place: TraceLine | None


class _Outcome(TypedDict, total=False):
    location: str


class TraceOutcome(_Outcome):
    """One thing that may come of a request."""

    probability: float
    verdict: TraceVerdict
    status: int | None
    grpcStatus: int | None
    reason: str
    decidedAt: TracePlace
    decidedBy: TraceCause | None


class TraceEndpoint(TypedDict):
    """An endpoint that may be picked."""

    address: str
    workload: str | None
    probability: float


class _Destination(TypedDict, total=False):
    tls: str


class TraceDestination(_Destination):
    """A cluster that a request may go to."""

    cluster: str
    service: str | None
    subset: str | None
    probability: float
    endpoints: list[TraceEndpoint]


class TraceForwarded(TypedDict):
    """A request as its destination would get it."""

    method: str
    path: str
    host: str
    headers: dict[str, str | None]


class TraceResource(TypedDict):
    """A place in a resource."""

    name: str
    pointer: str


class _Detail(TypedDict, total=False):
    because: TraceCause


class TraceDetail(_Detail):
    """A part of a step."""

    fits: bool | None
    text: str


class _Step(TypedDict, total=False):
    resource: TraceResource
    because: list[TraceCause]
    details: list[TraceDetail]


class TraceStep(_Step):
    """One thing that was looked at."""

    at: TracePlace
    what: str
    decision: Literal["passed", "taken", "skipped", "denied", "answered", "failed", "unknown"]
    text: str
