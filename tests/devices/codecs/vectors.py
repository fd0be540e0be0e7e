"""The examples in a codec's docstring, as (input, output): its tests check what its head promises."""

from __future__ import annotations

from types import ModuleType


def vectors(module: ModuleType) -> list[tuple[str, str]]:
    """Every indented line ``INPUT -> OUTPUT`` of the module's docstring."""
    lines = [line for line in (module.__doc__ or "").splitlines() if line.startswith("    ") and "->" in line]
    return [(given.strip(), result.strip()) for given, _, result in (line.partition("->") for line in lines)]
