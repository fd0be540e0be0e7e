"""Masks over many readings at once. Import it on a thread of the store: it needs numpy.

What a mask hides lies in no chunk, so only readings that are not sealed yet have to be filtered by ``hide``.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from telemetry.model import Mask
from telemetry.store.corrections import active
from telemetry.store.journal import KIND_BITS, TEXT_STATE
from telemetry.store.records import Records

__all__ = ["active", "hide"]


def hide(records: Records, masks: Iterable[Mask]) -> NDArray[np.bool_]:
    """Which of the readings of one series any of the masks takes."""
    hidden = np.zeros(len(records), dtype=np.bool_)
    for mask in masks:
        hidden |= _takes(records, mask)
    return hidden


def texts(records: Records) -> NDArray[np.bool_]:
    """Which of the readings are texts."""
    found: NDArray[np.bool_] = (records["kind"] & KIND_BITS) == TEXT_STATE
    return found


def _takes(records: Records, mask: Mask) -> NDArray[np.bool_]:
    taken: NDArray[np.bool_] = (records["ts"] >= mask.frm) & (records["ts"] < mask.to)
    if mask.above is None and mask.below is None:
        return taken
    value = records["value"]
    spike = np.zeros(len(records), dtype=np.bool_)
    if mask.above is not None:
        spike |= value > mask.above
    if mask.below is not None:
        spike |= value < mask.below
    return taken & spike & ~texts(records)
