"""Objects, as Python programs hold them, to JSON."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from typing import Any


def to_json(objects: Iterable[object]) -> list[str]:
    """The JSON of each object: mappings, or models of the ``kubernetes`` client."""
    if isinstance(objects, (str, bytes, Mapping)):
        raise TypeError(f"expected an iterable of objects, not {type(objects).__name__}")
    return [_one(index, each) for index, each in enumerate(objects)]


def _one(index: int, each: object) -> str:
    try:
        return json.dumps(each, default=_plain, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise type(error)(f"objects[{index}]: {error}") from None


def _plain(value: Any) -> object:
    """What the JSON encoder knows, for what it does not."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, datetime.datetime):
        # What `yaml.safe_load` and the kubernetes client make of a timestamp.
        utc = value if value.tzinfo is None else value.astimezone(datetime.timezone.utc)
        return utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, datetime.date):
        return value.isoformat()
    names = getattr(value, "attribute_map", None)
    if isinstance(names, Mapping):
        fields = ((name, getattr(value, attribute)) for attribute, name in names.items())
        return {name: field for name, field in fields if field is not None}
    raise TypeError(f"{type(value).__name__} has no JSON")
