"""Objects, as Python programs hold them, to JSON."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ._names import BY_LABEL, GROUPS, NAMES_OF_SELECTORS, SELECTOR, json_name

_MODEL = re.compile(r"(V\d+(?:(?:alpha|beta)\d+)?)([A-Z]\w*)")
"""What the kubernetes client calls its models: `V1Service`."""


def to_json(objects: object) -> list[str]:
    """The JSON of each object: mappings, models of the ``kubernetes`` client, and what their ``to_dict()`` gives.

    A list of a client, which has its objects in ``items``, counts as one object: it is read for what is in it.
    """
    return [_one(index, each) for index, each in enumerate(_each(objects))]


def _each(objects: object) -> Iterable[object]:
    if _is_list(objects) or _is_object(objects):
        return [objects]
    if isinstance(objects, (str, bytes, Mapping)) or not isinstance(objects, Iterable):
        raise TypeError(f"expected an iterable of objects, not {type(objects).__name__}")
    return objects


def _is_list(value: object) -> bool:
    """Whether it is what a client's ``list_…`` functions return."""
    if isinstance(value, Mapping):
        return "items" in value and str(value.get("kind")).endswith("List")
    return hasattr(value, "items") and (_attributes(value) is not None or hasattr(value, "to_dict"))


def _is_object(value: object) -> bool:
    """Whether it is one object."""
    if isinstance(value, Mapping):
        return isinstance(value.get("kind"), str)
    return _attributes(value) is not None


def _one(index: int, each: object) -> str:
    try:
        return json.dumps(_typed(each), default=_plain, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise type(error)(f"objects[{index}]: {error}") from None


def _typed(each: object) -> object:
    """An object with its kind and version, and with its fields named as in the API."""
    if isinstance(each, Mapping):
        return _renamed(each) if "api_version" in each and "apiVersion" not in each else each
    if _attributes(each) is None:
        return each
    fields = _plain(each)
    named = _MODEL.fullmatch(type(each).__name__)
    if isinstance(fields, dict) and named is not None and named[2] in GROUPS:
        # The items of a list have neither.
        group, version = GROUPS[named[2]], named[1].lower()
        fields.setdefault("kind", named[2])
        fields.setdefault("apiVersion", f"{group}/{version}" if group else version)
    return fields


def _renamed(value: Any, is_data: bool = False) -> Any:
    """What ``to_dict()`` gives, with the names of the API, and without what is not set."""
    if isinstance(value, Mapping):
        return {
            key if is_data else json_name(key): _renamed(field, not is_data and _has_data(key, field))
            for key, field in value.items()
            if field is not None
        }
    if isinstance(value, (list, tuple)):
        return [_renamed(each) for each in value]
    return value


def _has_data(key: str, field: object) -> bool:
    """Whether the keys of a field are data, and no names."""
    is_of_service = key == SELECTOR and isinstance(field, Mapping) and not NAMES_OF_SELECTORS.intersection(field)
    return key in BY_LABEL or is_of_service


def _attributes(value: object) -> Mapping[str, str] | None:
    """The names of a model's attributes in the API."""
    names = getattr(value, "attribute_map", None)
    return names if isinstance(names, Mapping) else None


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
    names = _attributes(value)
    if names is not None:
        fields = ((name, getattr(value, attribute)) for attribute, name in names.items())
        return {name: field for name, field in fields if field is not None}
    if callable(getattr(value, "to_dict", None)):
        return _typed(value.to_dict())
    raise TypeError(f"{type(value).__name__} has no JSON")
