"""The compiled part of the package `waypoint_xds`."""

import os
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence, ValuesView
from typing import Any, Final, Literal, TypeVar, final, overload

import pandas

from ._traces import (
    TraceCause,
    TraceDestination,
    TraceForwarded,
    TraceHeaders,
    TraceOutcome,
    TraceStep,
    TraceVerdict,
)
from ._words import EditChange, Kind, Limit, LintOverride, Release, ResourceList, Rule, Severity, SubjectKind, ZtunnelKind

__all__ = [
    "Change",
    "Cost",
    "Distribution",
    "Edit",
    "Fix",
    "Maker",
    "NamespaceCost",
    "ObjectRef",
    "Origin",
    "Place",
    "Problem",
    "RELEASES",
    "Related",
    "Replacement",
    "Resource",
    "Snapshot",
    "Summary",
    "Table",
    "Trace",
    "Translation",
    "Waypoint",
    "__version__",
    "cost",
    "explain",
    "translate",
]

__version__: Final[str]
RELEASES: Final[tuple[Release, ...]]
"""Every known release, oldest first."""

_T = TypeVar("_T")

@final
class Snapshot:
    """Kubernetes and Istio objects that were read, and what is wrong with them."""

    @staticmethod
    def from_yaml(text: str, name: str = "<string>", *, limits: dict[Limit, int] | None = None) -> Snapshot:
        """Reads a text of YAML or JSON documents; the name is shown in problems.

        `limits` says how large the input may be; what it does not name has its default.
        """
    @staticmethod
    def from_files(
        paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]], *, limits: dict[Limit, int] | None = None
    ) -> Snapshot:
        """Reads files, and of directories every .yaml, .yml and .json file."""
    @staticmethod
    def from_objects(objects: object, *, limits: dict[Limit, int] | None = None) -> Snapshot:
        """Reads objects, as clients of the Kubernetes API and YAML parsers hold them.

        What a client's `list_…` function returns, its `.items`, several of such lists, models or a single one, what their
        `to_dict()` gives.
        """
    @staticmethod
    def _from_texts(
        texts: list[tuple[str, str, str | None]], limits: dict[Limit, int], told: list[tuple[str, str, str | None]]
    ) -> Snapshot: ...
    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with the texts. What a release makes of the objects is told by a translation."""
    @property
    def release(self) -> Release | None:
        """The release that it tells, by istiod's image or installation or by those of its waypoints; None where nothing does."""
    @property
    def summary(self) -> Summary:
        """What was read, and what was ignored and why."""
    def raise_for_problems(self, severity: Severity = "error") -> None:
        """Raises InputError if a problem is at least as bad: `error`, `warning` or `note`."""
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[ObjectRef]: ...
    def __contains__(self, object: object, /) -> bool: ...
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]
    def __reduce__(self) -> tuple[Any, tuple[list[tuple[str, str]], dict[Limit, int]]]: ...
    def __copy__(self) -> Snapshot: ...
    def __deepcopy__(self, _memo: object) -> Snapshot: ...

def translate(snapshot: Snapshot, settings: str) -> Translation: ...
@final
class Translation(Mapping[str, Waypoint]):
    """What Istio's control plane would send every waypoint of a snapshot.

    A mapping of names, `namespace/name`, to waypoints.
    """

    @property
    def release(self) -> Release:
        """The release whose layout this is."""
    @property
    def snapshot(self) -> Snapshot:
        """The snapshot that was translated."""
    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything found wrong, from the text to the mesh, in the order of the text."""
    def lint(
        self,
        *,
        select: Sequence[str] = ...,
        ignore: Sequence[str] = ...,
        severity: Mapping[str, Severity] = ...,
        overrides: Iterable[LintOverride] | None = None,
        baseline: str | None = None,
    ) -> tuple[Problem, ...]:
        """Everything that is to be said of the snapshot, in the order of the text.

        That is the problems, and what is accepted and does not do what it looks like. What objects suppress by annotation is left
        out.

        :param select: the codes and groups that are reported; all by default. What cannot be read is reported in any case.
        :param ignore: the codes and groups that are not.
        :param severity: how bad a code or group is, other than usual.
        :param overrides: what is different for some files and namespaces; later ones count more.
        :param baseline: the text of a baseline: only what it does not have is reported.
        :raises SettingsError: a word is neither a code nor a group, or no severity; the baseline is none.
        """
    def baseline(
        self,
        *,
        select: Sequence[str] = ...,
        ignore: Sequence[str] = ...,
        severity: Mapping[str, Severity] = ...,
        overrides: Iterable[LintOverride] | None = None,
    ) -> str:
        """The text of a baseline that has all that is found now.

        Kept in a file, it lets `lint` report what is new only. It is what `waypoint-xds lint --write-baseline` writes.
        """
    @property
    def summary(self) -> Summary:
        """What was read, and what was ignored and why."""
    def raise_for_problems(self, severity: Severity = "error") -> None:
        """Raises InputError if a problem is at least as bad: `error`, `warning` or `note`."""
    @property
    def status(self) -> list[dict[str, Any]]:
        """Every condition that Istio would write into the objects' statuses."""
    @property
    def ztunnel(self) -> dict[str, list[dict[str, Any]]]:
        """What ztunnels get: `workloads`, `services` and `policies`."""
    def ztunnel_table(self, kind: ZtunnelKind, *, wide: bool = False) -> Table:
        """The table that `istioctl ztunnel-config` prints.

        A wide one also tells which objects made each row.
        """
    def places(self, fields: Iterable[Mapping[str, object]]) -> tuple[Place | None, ...]:
        """Where fields stand, such as the causes in `status`: None for objects that are not in the snapshot.

        Each is a mapping with `kind`, `namespace`, `name`, and `field`, without which the object as a whole is meant.
        """
    def describe(self, kind: SubjectKind, name: str, *, namespace: str | None = None) -> dict[str, Any]:
        """All about one object: which waypoint serves it and why, who goes past it, what is enforced where, how it is
        routed, and what is wrong.

        The name may be `NAME.NAMESPACE`.
        """
    def diff(self, new: Translation) -> dict[str, Any]:
        """What is different in another translation, of another snapshot or of the same one with other settings.

        As `waypoint-xds diff -o json`: `behaviour` (for each destination of a waypoint whether anything differs for requests to
        it, with the classes of requests that do), `waypoints` (their resources), `findings`, `statuses` and `sidecars`.
        """
    def access(
        self,
        to: str | None = None,
        *,
        port: int | None = None,
        source: str | None = None,
        ext_authz: str | None = None,
    ) -> dict[str, Any]:
        """Who may do what, exactly: of one destination, or for one who asks (`source`) of every Service.

        As `waypoint-xds access -o json`: `destinations` have `ways`, and ways have `rows`, of which the first that a request is
        in tells what comes of it.
        """
    def run_tests(self, paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> dict[str, Any]:
        """What comes of the requests in files of tests, and whether that is what they expect; of directories those files in it.

        As `waypoint-xds test -o json`: `tests`, each with `file`, `line`, `name` and `failure` (`None`, or a mapping with a
        `message` and the `way` of the request), `problems` of the files, `passed` and `failed`.
        """
    def trace(
        self,
        source: str,
        destination: str,
        *,
        via: str | None = None,
        protocol: str | None = None,
        method: str | None = None,
        path: str | None = None,
        host: str | None = None,
        headers: TraceHeaders = (),
        claims: Mapping[str, object] | None = None,
        token: str | None = None,
        sni: str | None = None,
        alpn: Sequence[str] | None = None,
        ext_authz: Literal["allow", "deny"] | None = None,
        source_address: str | None = None,
        seed: str | None = None,
    ) -> Trace:
        """What comes of one request, who decides, where it goes, and which line says so.

        :param source: who asks: ``NAMESPACE/NAME`` of a pod, else of a service account, else of a Deployment or the like;
            ``pod/NAME.NAMESPACE``, ``sa/NAME.NAMESPACE``, ``spiffe://…`` or ``outside`` (of the mesh).
        :param destination: who is asked: ``HOST[:PORT]``, ``pod/NAME.NAMESPACE:PORT`` or ``ADDRESS:PORT``.
        :param via: ``ztunnel``, ``sidecar``, ``ingress`` (a gateway), or ``NAMESPACE/NAME`` of the waypoint that it is given
            to; by default what the client's pod says.
        :param protocol: ``http`` (the default), ``h2``, ``grpc``, ``tcp``, ``tls`` or ``tls:SERVER-NAME``.
        :param host: ``Host`` or ``:authority``; by default the destination as it is named.
        :param headers: by name (a list of values where a header is repeated), or a list of ``name: value`` or of pairs.
        :param claims: the claims of a token that counts as verified, ``iss`` among them.
        :param token: such a token itself (JWT).
        :param ext_authz: what an external authorizer answers; without it, that is not known.
        :param seed: any text, which picks one of what may come of the request by chance.
        :raises SettingsError: it is no request, or the snapshot does not have who asks or who is asked.
        """
    def to_json(self) -> str:
        """All resources of all waypoints: exactly what `waypoint-xds translate -o json` prints."""
    def keys(self) -> KeysView[str]: ...
    def values(self) -> ValuesView[Waypoint]: ...
    def items(self) -> ItemsView[str, Waypoint]: ...
    @overload
    def get(self, name: str, default: None = None, /) -> Waypoint | None: ...
    @overload
    def get(self, name: str, default: Waypoint | _T, /) -> Waypoint | _T: ...
    def __getitem__(self, name: str, /) -> Waypoint: ...
    def __contains__(self, name: object, /) -> bool: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]
    def _repr_html_(self) -> str: ...
    def __reduce__(self) -> tuple[Any, tuple[Snapshot, str]]: ...
    def __copy__(self) -> Translation: ...
    def __deepcopy__(self, _memo: object) -> Translation: ...

@final
class Waypoint:
    """What Istio's control plane would send one waypoint."""

    @property
    def name(self) -> str:
        """The waypoint's name: `namespace/name` of its Gateway."""
    @property
    def listeners(self) -> tuple[Resource, ...]:
        """LDS, sorted by name."""
    @property
    def clusters(self) -> tuple[Resource, ...]:
        """CDS, sorted by name."""
    @property
    def routes(self) -> tuple[Resource, ...]:
        """RDS, sorted by name. Empty in the known releases: a waypoint's routes are inside its listeners."""
    @property
    def endpoints(self) -> tuple[Resource, ...]:
        """EDS, sorted by cluster name."""
    @property
    def extensions(self) -> tuple[Resource, ...]:
        """ECDS, sorted by name: the configurations of the Wasm extensions in the listeners."""
    def table(self, kind: Kind, *, wide: bool = False) -> Table:
        """The table that `istioctl proxy-config` prints.

        A wide one also tells which objects made each row.
        """
    def graph(self) -> dict[str, Any]:
        """How traffic goes from listeners to endpoints: `nodes` and `edges`."""
    def config_dump(self) -> str:
        """The resources as Envoy's admin endpoint `/config_dump?include_eds` would print them."""
    def bootstrap(self) -> dict[str, Any]:
        """What its Envoy starts with: the bootstrap as Istio's template writes it."""
    def get(self, kind: ResourceList, name: str) -> Resource | None:
        """The resource of this kind and name."""
    def __iter__(self) -> Iterator[Resource]: ...
    def __len__(self) -> int: ...
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Resource:
    """One Envoy resource, and why it exists."""

    @property
    def name(self) -> str:
        """The name by which Envoy asks for it."""
    @property
    def type_url(self) -> str:
        """The URL of its type, as in a `DiscoveryResponse`."""
    @property
    def origin(self) -> tuple[Maker, ...]:
        """The objects that made the resource as a whole, the decisive one first.

        Empty for what every waypoint gets.
        """
    @property
    def origins(self) -> tuple[Origin, ...]:
        """What made the resource as a whole, each of its filter chains, and each of its routes."""
    def to_dict(self) -> dict[str, Any]:
        """The resource as protobuf's canonical JSON says it: dicts, lists and scalars."""
    def to_json(self) -> str:
        """Its canonical JSON."""
    def to_bytes(self) -> bytes:
        """The encoded message."""
    def __bytes__(self) -> bytes: ...
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Origin:
    """What made a resource, or one of its filter chains or routes."""

    @property
    def filter_chain(self) -> str | None:
        """The filter chain that was made; of a route the one that it is in. None for the resource as a whole."""
    @property
    def route(self) -> int | None:
        """The position of the route that was made, in its filter chain."""
    @property
    def filter(self) -> str | None:
        """The filter that was made, in its filter chain."""
    @property
    def policy(self) -> str | None:
        """The policy that was made, in the RBAC filters of its filter chain."""
    @property
    def address(self) -> str | None:
        """The address of a workload, of which a listener knows what to do with connections to it."""
    @property
    def endpoint(self) -> str | None:
        """The endpoint of a cluster, by address and port."""
    @property
    def transport_socket(self) -> bool:
        """Whether it is how a cluster speaks to its endpoints."""
    @property
    def objects(self) -> tuple[Maker, ...]:
        """The objects that made it, the decisive one first. Empty for what every waypoint gets."""
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]

@final
class Maker:
    """An object of the snapshot that made something, the field of it that did, and where that stands."""

    @property
    def kind(self) -> str:
        """The object's kind."""
    @property
    def namespace(self) -> str:
        """Its namespace; empty for kinds of the cluster."""
    @property
    def name(self) -> str:
        """Its name."""
    @property
    def field(self) -> str:
        """The path of the field; empty where it is the object as a whole."""
    @property
    def file(self) -> str | None:
        """The file that it stands in."""
    @property
    def line(self) -> int | None:
        """The line where the field starts."""
    @property
    def column(self) -> int | None:
        """The column where it starts, from 1, in characters."""
    @property
    def end_line(self) -> int | None:
        """The line where it ends."""
    @property
    def assumed(self) -> bool:
        """Whether the object is only assumed to be there, as a Pod of a Deployment; it stands where that does."""
    @property
    def assumed_address(self) -> bool:
        """Whether the object is there, but its address is only assumed."""
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Problem:
    """One thing that is wrong with the input. Problems sort by place, then by code."""

    @property
    def code(self) -> str:
        """What sort of problem it is. Codes are stable: scripts may depend on them."""
    @property
    def severity(self) -> Severity:
        """`error` (something was left out), `warning` or `note`."""
    @property
    def object(self) -> ObjectRef | None:
        """The object that it is about."""
    @property
    def field(self) -> str:
        """The path of the field; empty when it is about the whole object or document."""
    @property
    def message(self) -> str:
        """What is wrong."""
    @property
    def help(self) -> str | None:
        """What to do about it."""
    @property
    def place(self) -> Place | None:
        """Where it is, when it is anywhere."""
    @property
    def related(self) -> tuple[Related, ...]:
        """What else has to do with it."""
    @property
    def fix(self) -> Fix | None:
        """A change of the text that mends it, where one is certain."""
    @staticmethod
    def _of(parts: tuple[Any, ...]) -> Problem: ...
    def __reduce__(self) -> tuple[Any, tuple[tuple[Any, ...]]]: ...
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: Any, /) -> bool: ...
    def __lt__(self, other: Problem, /) -> bool: ...
    def __le__(self, other: Problem, /) -> bool: ...
    def __gt__(self, other: Problem, /) -> bool: ...
    def __ge__(self, other: Problem, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]

@final
class Related:
    """Something that has to do with a problem, and what: an object, a field of one, or just a place."""

    @property
    def place(self) -> Place | None:
        """Where it stands, when it stands anywhere."""
    @property
    def object(self) -> ObjectRef | None:
        """The object."""
    @property
    def field(self) -> str:
        """The path of the field; empty for the object as a whole."""
    @property
    def message(self) -> str:
        """What it has to do with the problem."""
    @staticmethod
    def _of(parts: tuple[Place | None, ObjectRef | None, str, str]) -> Related: ...
    def __reduce__(self) -> tuple[Any, tuple[tuple[Place | None, ObjectRef | None, str, str]]]: ...
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: Any, /) -> bool: ...
    def __lt__(self, other: Related, /) -> bool: ...
    def __le__(self, other: Related, /) -> bool: ...
    def __gt__(self, other: Related, /) -> bool: ...
    def __ge__(self, other: Related, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Fix:
    """A change of the text that mends a problem."""

    @property
    def message(self) -> str:
        """What it does."""
    @property
    def edits(self) -> tuple[Edit, ...]:
        """What becomes of which fields: they belong together."""
    @property
    def replacements(self) -> tuple[Replacement, ...]:
        """The same as stretches of files and what to write there instead, in the order of the text."""
    @staticmethod
    def _of(parts: tuple[str, list[Edit], list[Replacement]]) -> Fix: ...
    def __reduce__(self) -> tuple[Any, tuple[tuple[str, list[Edit], list[Replacement]]]]: ...
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: Any, /) -> bool: ...
    def __lt__(self, other: Fix, /) -> bool: ...
    def __le__(self, other: Fix, /) -> bool: ...
    def __gt__(self, other: Fix, /) -> bool: ...
    def __ge__(self, other: Fix, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Edit:
    """A change of one field of an object."""

    @property
    def object(self) -> ObjectRef:
        """The object."""
    @property
    def field(self) -> str:
        """The path of the field."""
    @property
    def change(self) -> EditChange:
        """What becomes of the field: `set`, `rename` or `remove`."""
    @property
    def value(self) -> str | None:
        """The value that it gets, or the key; None where it is removed."""
    @staticmethod
    def _of(parts: tuple[ObjectRef, str, str, str | None]) -> Edit: ...
    def __reduce__(self) -> tuple[Any, tuple[tuple[ObjectRef, str, str, str | None]]]: ...
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: Any, /) -> bool: ...
    def __lt__(self, other: Edit, /) -> bool: ...
    def __le__(self, other: Edit, /) -> bool: ...
    def __gt__(self, other: Edit, /) -> bool: ...
    def __ge__(self, other: Edit, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Replacement:
    """A stretch of a file and what to write there instead."""

    @property
    def place(self) -> Place:
        """The stretch that goes; it is empty where something is only added."""
    @property
    def text(self) -> str:
        """What comes instead."""
    @staticmethod
    def _of(parts: tuple[Place, str]) -> Replacement: ...
    def __reduce__(self) -> tuple[Any, tuple[tuple[Place, str]]]: ...
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: Any, /) -> bool: ...
    def __lt__(self, other: Replacement, /) -> bool: ...
    def __le__(self, other: Replacement, /) -> bool: ...
    def __gt__(self, other: Replacement, /) -> bool: ...
    def __ge__(self, other: Replacement, /) -> bool: ...
    def __hash__(self) -> int: ...

def explain(code: str) -> str:
    """What a problem's code means and what to do about it."""

@final
class Place:
    """A stretch of a file.

    Lines and columns count from 1, columns in characters; the end is behind the last character.
    """

    @property
    def file(self) -> str:
        """The file's name, as the caller gave it."""
    @property
    def line(self) -> int:
        """Line of the first character."""
    @property
    def column(self) -> int:
        """Column of the first character."""
    @property
    def end_line(self) -> int:
        """Line behind the last character."""
    @property
    def end_column(self) -> int:
        """Column behind the last character."""
    @property
    def start(self) -> int:
        """Byte offset of the first character in the file's UTF-8."""
    @property
    def end(self) -> int:
        """Byte offset behind the last character."""
    @staticmethod
    def _of(parts: tuple[str, int, int, int, int, int, int]) -> Place: ...
    def __reduce__(self) -> tuple[Any, tuple[tuple[str, int, int, int, int, int, int]]]: ...
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __lt__(self, other: Place, /) -> bool: ...
    def __le__(self, other: Place, /) -> bool: ...
    def __gt__(self, other: Place, /) -> bool: ...
    def __ge__(self, other: Place, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class ObjectRef:
    """An object's identity within a snapshot."""

    @property
    def kind(self) -> str:
        """The kind."""
    @property
    def namespace(self) -> str:
        """The namespace; empty for kinds of the cluster."""
    @property
    def name(self) -> str:
        """The name."""
    @property
    def cluster(self) -> str:
        """The cluster; empty for the control plane's own."""
    @staticmethod
    def _of(kind: str, namespace: str, name: str, cluster: str) -> ObjectRef: ...
    def __reduce__(self) -> tuple[Any, tuple[str, str, str, str]]: ...
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __lt__(self, other: ObjectRef, /) -> bool: ...
    def __le__(self, other: ObjectRef, /) -> bool: ...
    def __gt__(self, other: ObjectRef, /) -> bool: ...
    def __ge__(self, other: ObjectRef, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Summary:
    """A count of what was in the input; as text, what the command line prints."""

    @property
    def files(self) -> int:
        """Files read."""
    @property
    def documents(self) -> int:
        """Documents read; empty ones do not count."""
    @property
    def objects_read(self) -> int:
        """Objects kept."""
    @property
    def objects_ignored(self) -> int:
        """Objects ignored, because no resource of a waypoint depends on them."""
    @property
    def objects_left_out(self) -> int:
        """Objects left out because something is wrong with them."""
    def to_dict(self) -> dict[str, Any]:
        """Everything that was counted."""
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]

@final
class Table:
    """A table: as text the one that istioctl prints, in a notebook HTML."""

    @property
    def header(self) -> tuple[str, ...]:
        """The columns' names."""
    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The rows, each with one text per column."""
    def to_pandas(self) -> pandas.DataFrame:
        """The table as a pandas DataFrame, where pandas is installed."""
    def _repr_html_(self) -> str: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[tuple[str, ...]]: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]

def cost(snapshot: Snapshot, settings: str, rule: str, replicas: int | None) -> Cost: ...
@final
class Cost:
    """The comparison for a whole mesh; as text the table that the command line prints."""

    @property
    def rule(self) -> Rule:
        """How sidecars were counted: `namespace` or `mesh`."""
    @property
    def namespaces(self) -> tuple[NamespaceCost, ...]:
        """Each namespace that has a Service, a workload or a waypoint, by name."""
    @property
    def total(self) -> Distribution:
        """All namespaces together."""
    def table(self) -> Table:
        """The comparison as a table, with a row for each namespace and one for all."""
    def to_dict(self) -> dict[str, Any]:
        """The comparison as the command line prints it with `-o json`."""
    def to_svg(self) -> str:
        """The comparison as a picture, the text of an SVG file: proxies with the configurations that each holds.

        Notebooks show it below the table.
        """
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]

@final
class NamespaceCost:
    """The comparison for one namespace."""

    @property
    def namespace(self) -> str:
        """The namespace."""
    @property
    def services(self) -> int:
        """Its Services, those of waypoints left out."""
    @property
    def sidecars(self) -> int:
        """Its pods, those of waypoints left out: each would have a sidecar."""
    @property
    def waypoints(self) -> int:
        """The replicas of its waypoints."""
    @property
    def distribution(self) -> Distribution:
        """What they hold."""
    @property
    def change(self) -> Change:
        """How many proxies get a push when one of its Services changes."""
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]

@final
class Distribution:
    """How many configurations are held in each model."""

    @property
    def sidecars(self) -> int:
        """By sidecars."""
    @property
    def waypoints(self) -> int:
        """By waypoints."""
    @property
    def percent(self) -> float | None:
        """Waypoints' share of what sidecars hold, in percent; None where there is no sidecar."""
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]

@final
class Change:
    """How many proxies get a push when one Service changes."""

    @property
    def sidecars(self) -> int:
        """In the sidecar model."""
    @property
    def waypoints(self) -> int:
        """In the waypoint model: of the namespace's Services, the one that most replicas serve."""
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]

@final
class Trace:
    """What comes of a request, and the way there; as text what the command line prints, in a notebook HTML."""

    @property
    def verdict(self) -> TraceVerdict:
        """Whether it gets to its destination."""
    @property
    def allowed(self) -> bool:
        """Whether the verdict is ``allowed``."""
    @property
    def status(self) -> int | None:
        """The status of HTTP that the client gets of a proxy; none where the destination answers."""
    @property
    def grpc_status(self) -> int | None:
        """The status of gRPC that the client gets of a proxy."""
    @property
    def reason(self) -> str:
        """The verdict in a sentence, without a full stop."""
    @property
    def decided_by(self) -> TraceCause | None:
        """The field that decided, and where it stands; none where a default did."""
    @property
    def waypoint(self) -> str | None:
        """The waypoint on the way, ``namespace/name``."""
    @property
    def outcomes(self) -> list[TraceOutcome]:
        """All that may come of it, with odds, the likeliest first."""
    @property
    def destinations(self) -> list[TraceDestination]:
        """Where it goes, with odds, as far as it gets."""
    @property
    def mirrors(self) -> list[TraceDestination]:
        """What goes to others as a copy, with odds."""
    @property
    def request(self) -> TraceForwarded | None:
        """The request as the destination would get it."""
    @property
    def caveats(self) -> list[str]:
        """What the files do not tell, and what was assumed."""
    @property
    def steps(self) -> list[TraceStep]:
        """The way, in its order."""
    def to_dict(self) -> dict[str, Any]:
        """What the command line prints with ``-o json``."""
    def explain_all(self) -> str:
        """The text with all that did not match, too."""
    def _repr_html_(self) -> str: ...
    def __eq__(self, other: object, /) -> bool: ...
    __hash__: None  # type: ignore[assignment]
