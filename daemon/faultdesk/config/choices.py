"""What may stand where a setting names something unknown."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec.inspect

_STEP = re.compile(r"\.([^.\[]{1,200})|\[[^\]]{0,20}\]")


def choices_at(kind: Any, path: str, *, is_key: bool = False) -> tuple[str, ...]:  # noqa: ANN401 - a struct or a union of structs
    """List the names of the enumeration at this path of a struct, or of the keys there.

    Paths are as msgspec writes them: `.levels[0].clocks[1]`.
    """
    types = [msgspec.inspect.type_info(kind)]
    for step in _STEP.finditer(path):
        types = [inner for one in types for inner in _inner(one, step[1])]
    if is_key:
        types = [one.key_type for one in _alternatives(types) if isinstance(one, msgspec.inspect.DictType)]
    named = (one.cls for one in _alternatives(types) if isinstance(one, msgspec.inspect.EnumType))
    return tuple(str(member.value) for cls in named for member in cls)


def _inner(kind: msgspec.inspect.Type, field: str | None) -> Iterator[msgspec.inspect.Type]:
    for one in _alternatives([kind]):
        if isinstance(one, msgspec.inspect.StructType) and field:
            yield from (known.type for known in one.fields if known.encode_name == field)
        elif isinstance(one, msgspec.inspect.CollectionType) and not field:
            yield one.item_type
        elif isinstance(one, msgspec.inspect.DictType) and not field:
            yield one.value_type


def _alternatives(kinds: list[msgspec.inspect.Type]) -> Iterator[msgspec.inspect.Type]:
    for kind in kinds:
        if isinstance(kind, msgspec.inspect.UnionType):
            yield from kind.types
        elif isinstance(kind, msgspec.inspect.Metadata):
            yield from _alternatives([kind.type])
        else:
            yield kind
