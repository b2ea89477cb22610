"""Keyword arguments to the core's settings."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from ._errors import SettingsError
from ._waypoint_xds import RELEASES
from ._words import Feature, MeshConfig


def to_json(
    *,
    helm_values: MeshConfig | None,
    mesh_config: MeshConfig | None,
    features: Mapping[str, Feature] | None,
    **others: str | None,
) -> str:
    """The settings as JSON; what is None has the core's default."""
    settings: dict[str, object] = {key: value for key, value in others.items() if value is not None}
    release = settings.get("release")
    if isinstance(release, (int, float)):
        raise SettingsError(_not_a_number(release), "unknown-release")
    settings |= _text("helmValues", helm_values) | _text("meshConfig", mesh_config)
    if features is not None:
        settings["features"] = {name: _flag(value) for name, value in features.items()}
    return json.dumps(settings)


def _text(name: str, given: MeshConfig | None) -> dict[str, object]:
    """A text that is given as itself, as a file or as a mapping, and the name of its file."""
    if isinstance(given, os.PathLike):
        with open(given, encoding="utf-8") as file:
            return {name: file.read(), f"{name}Name": os.fspath(given)}
    if isinstance(given, Mapping):
        return {name: json.dumps(given, indent=2)}
    return {} if given is None else {name: given}


def _not_a_number(release: float) -> str:
    """What to write instead of a number: 1.30 is 1.3, as a number."""
    meant = [known for known in RELEASES if float(known) == release]
    example = meant[0] if meant else RELEASES[-1]
    return f'a release is a text, and {release} is a number: write release="{example}"'


def _flag(value: Feature) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
