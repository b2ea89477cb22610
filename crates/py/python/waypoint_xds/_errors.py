"""The package's exceptions. They are raised by the compiled part, which cannot define subclasses of Exception itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._waypoint_xds import Place, Problem


class WaypointXdsError(Exception):
    """Whatever this package raises on its own account.

    Files that cannot be opened raise the OSError that Python itself would.
    """

    message: str
    """What is wrong."""
    code: str
    """What sort of error it is; codes are stable."""
    place: Place | None
    """Where it is, when it is in a text."""

    def __init__(self, message: str, code: str, place: Place | None = None) -> None:
        super().__init__(message, code, place)
        self.message = message
        self.code = code
        self.place = place

    def __str__(self) -> str:
        return self.message


class SettingsError(WaypointXdsError, ValueError):
    """An argument is not one of those expected; the message says what is."""


class InputError(WaypointXdsError):
    """There are problems in the input, and the caller asked for an exception (``raise_for_problems``)."""

    problems: tuple[Problem, ...]
    """The problems, in the order of the text; ``code`` and ``place`` are those of the first."""

    def __init__(self, message: str, code: str, place: Place | None, problems: Sequence[Problem]) -> None:
        super().__init__(message, code, place)
        self.args = (message, code, place, problems)
        self.problems = tuple(problems)


# They are shown, and pickled, under the name by which they are imported.
for _class in (WaypointXdsError, SettingsError, InputError):
    _class.__module__ = "waypoint_xds"
