"""Series names built from a name and labels: ``NAME{key=value,…}``, keys sorted, as time-series databases show them.

A label may hold any text; what a name may not (control characters, ``*``) becomes ``_``, and what is far longer than
any name is cut.

    labelled("cpu.usage", {"cpu": "cpu0"})  ->  "cpu.usage{cpu=cpu0}"
"""

from __future__ import annotations

from collections.abc import Mapping

from telemetry.names import LONGEST_FORM


def labelled(name: str, labels: Mapping[str, str]) -> str:
    """The name of one series; without labels the name itself."""
    if labels:
        name += "{" + ",".join(f"{key}={labels[key]}" for key in sorted(labels)) + "}"
    name = name[:LONGEST_FORM]
    if name.isprintable() and "*" not in name:
        return name
    return "".join(one if one.isprintable() and one != "*" else "_" for one in name)
