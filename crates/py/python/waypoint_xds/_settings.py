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
    mesh_config: MeshConfig | None,
    features: Mapping[str, Feature] | None,
    **others: str | None,
) -> str:
    """The settings as JSON; what is None has the core's default."""
    settings: dict[str, object] = {key: value for key, value in others.items() if value is not None}
    release = settings.get("release")
    if isinstance(release, (int, float)):
        raise SettingsError(_not_a_number(release), "unknown-release")
    if isinstance(mesh_config, os.PathLike):
        with open(mesh_config, encoding="utf-8") as file:
            settings["meshConfig"] = file.read()
        settings["meshConfigName"] = os.fspath(mesh_config)
    elif isinstance(mesh_config, Mapping):
        settings["meshConfig"] = json.dumps(mesh_config, indent=2)
    elif mesh_config is not None:
        settings["meshConfig"] = mesh_config
    if features is not None:
        settings["features"] = {name: _flag(value) for name, value in features.items()}
    return json.dumps(settings)


def _not_a_number(release: float) -> str:
    """What to write instead of a number: 1.30 is 1.3, as a number."""
    meant = [known for known in RELEASES if float(known) == release]
    example = meant[0] if meant else RELEASES[-1]
    return f'a release is a text, and {release} is a number: write release="{example}"'


def _flag(value: Feature) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
