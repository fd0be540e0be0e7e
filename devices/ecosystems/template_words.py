"""What templates of discovery may say: the filters, functions, tests and operators that ``templates`` knows.

Their meaning is that of home-assistant.io, "Templating", but for one thing: a default (``float(0)``) is never taken,
since it would be a reading that no one made. Each works on plain values of a message, takes time in proportion to
them, and makes nothing larger than the bounds below; what it cannot do raises WordError or an error of Python's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from devices.codecs import json_codec
from devices.ecosystems.base import number
from telemetry.model import Refusal

TEXT_MAX: Final = 65_536
"""Characters of a text that a step may make."""
WHOLE_MAX: Final = 2**64
_FORMAT: Final = re.compile(r"[^%]*%[-+ 0#]?\d{0,2}(\.\d{1,2})?[dfgseFGE][^%]*", re.ASCII)


class WordError(Exception):
    """No value for this message."""


class _Missing:
    """What is not in the message."""


MISSING: Final = _Missing()


def bounded(value: Any) -> Any:
    """The value of a step, if it is small enough to go on with."""
    if isinstance(value, str) and len(value) > TEXT_MAX:
        raise WordError("a text grows too long")
    if isinstance(value, int) and not -WHOLE_MAX <= value <= WHOLE_MAX:
        raise WordError("a number grows too large")
    return value


def _number(value: Any) -> int | float:
    """The value as a number; a text that is one counts."""
    if isinstance(value, str):
        found = number(value)
        if found is None:
            raise WordError("a text is no number")
        return found
    if isinstance(value, int | float):
        return value
    raise WordError("not a number")


def numeric(value: Any) -> int | float:
    """An operand of arithmetic: numbers only."""
    if not isinstance(value, int | float):
        raise WordError("arithmetic is for numbers")
    return value


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    return numeric(left) + numeric(right)


def _power(left: Any, right: Any) -> float:
    return math.pow(numeric(left), numeric(right))


def _whole(value: Any, _default: Any = None, base: Any = 10) -> int:
    if isinstance(value, str) and base != 10 and len(value) <= 64:
        return int(value, base)
    return int(_number(value))


def _round(value: Any, precision: Any = 0, method: Any = "common", _default: Any = None) -> float:
    found, digits = float(_number(value)), int(precision)
    if not -20 <= digits <= 20:
        raise WordError("no such precision")
    if method in ("ceil", "floor"):
        scaled = found * 10.0**digits
        return (math.ceil(scaled) if method == "ceil" else math.floor(scaled)) / 10.0**digits
    if method == "half":
        return round(found * 2) / 2
    return round(found, digits)


def _truth(value: Any, _default: Any = None) -> bool:
    """Home Assistant's ``bool``."""
    if isinstance(value, bool | int | float):
        return bool(value)
    words = {"true": True, "yes": True, "on": True, "enable": True, "1": True}
    words |= {"false": False, "no": False, "off": False, "disable": False, "0": False}
    return words[str(value).strip().lower()]


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return number(value) is not None
    return isinstance(value, int | float) and math.isfinite(value)


def _item(value: Any, index: int) -> Any:
    if isinstance(value, str | list):
        return value[index] if value else MISSING
    raise WordError("neither a text nor a list")


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        raise WordError("only a text holds JSON")
    found = json_codec.decode(bounded(value))
    if isinstance(found, Refusal):
        raise WordError(found.message)
    return found


def text(value: Any) -> str:
    """A value as Jinja writes it; containers are left out, no reading is made of one."""
    if value is MISSING or isinstance(value, dict | list):
        return ""
    return value if isinstance(value, str) else str(value)


def _texts(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method of texts as a function whose arguments are texts or numbers."""

    def call(value: Any, *args: Any) -> Any:
        if isinstance(value, int | float):
            value = str(value)
        if not isinstance(value, str) or not all(isinstance(one, str | int) for one in args):
            raise WordError("only for texts")
        return function(value, *args)

    return call


def _replace(text: str, old: str, new: str, *rest: Any) -> str:
    if len(text) + text.count(old) * len(new) > TEXT_MAX:
        raise WordError("a text grows too long")
    return text.replace(old, new, *rest)


def _split(text: str, separator: str | None = None, most: int = -1) -> list[str]:
    return text.split(separator, most)


def _either(value: Any, one: Any = "True", other: Any = "False", *_none: Any) -> Any:
    """Home Assistant's ``iif``."""
    return one if value else other


def _formatted(pattern: Any, *args: Any) -> str:
    """``'%.1f' | format(x)``: one placeholder of a width that cannot hurt."""
    if not isinstance(pattern, str) or not _FORMAT.fullmatch(pattern) or len(args) != 1:
        raise WordError("not a simple format")
    return pattern % args


def _modulo(left: Any, right: Any) -> Any:
    return _formatted(left, right) if isinstance(left, str) else numeric(left) % numeric(right)


METHODS: Final[Mapping[str, Callable[..., Any]]] = {
    "lower": _texts(str.lower),
    "upper": _texts(str.upper),
    "strip": _texts(str.strip),
    "lstrip": _texts(str.lstrip),
    "rstrip": _texts(str.rstrip),
    "startswith": _texts(str.startswith),
    "endswith": _texts(str.endswith),
    "split": _texts(_split),
    "replace": _texts(_replace),
}
"""Methods of texts; ``get`` of an object is the other one that is known."""
FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    **METHODS,
    "float": lambda value, _default=None: float(_number(value)),
    "int": _whole,
    "round": _round,
    "abs": lambda value: abs(_number(value)),
    "bool": _truth,
    "string": text,
    "trim": _texts(str.strip),
    "length": lambda value: len(value) if isinstance(value, str | list | dict) else numeric(None),
    "count": lambda value: len(value) if isinstance(value, str | list | dict) else numeric(None),
    "first": lambda value: _item(value, 0),
    "last": lambda value: _item(value, -1),
    "min": lambda *values: min(map(_number, values[0] if isinstance(values[0], list) else values)),
    "max": lambda *values: max(map(_number, values[0] if isinstance(values[0], list) else values)),
    "sum": lambda values: sum(map(_number, values if isinstance(values, list) else [values])),
    "add": lambda value, amount, _default=None: _number(value) + _number(amount),
    "multiply": lambda value, amount, _default=None: _number(value) * _number(amount),
    "bitwise_and": lambda value, mask: _whole(value) & _whole(mask),
    "bitwise_or": lambda value, mask: _whole(value) | _whole(mask),
    "sqrt": lambda value, _default=None: math.sqrt(_number(value)),
    "log": lambda value, base=math.e, _default=None: math.log(_number(value), _number(base)),
    "is_number": _is_number,
    "from_json": _parsed,
    "iif": _either,
    "format": _formatted,
}
"""Filters; most are functions as well. A default in them is taken by no one."""
TESTS: Final[Mapping[str, Callable[..., bool]]] = {
    "none": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, float),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "mapping": lambda value: isinstance(value, dict),
    "sequence": lambda value: isinstance(value, list | str | dict),
    "iterable": lambda value: isinstance(value, list | str | dict),
    "true": lambda value: value is True,
    "false": lambda value: value is False,
    "odd": lambda value: numeric(value) % 2 == 1,
    "even": lambda value: numeric(value) % 2 == 0,
    "is_number": _is_number,
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "lt": lambda left, right: left < right,
    "lteq": lambda left, right: left <= right,
    "gt": lambda left, right: left > right,
    "gteq": lambda left, right: left >= right,
    "in": lambda left, right: left in right,
}
ALIASES: Final = {"equalto": "eq", "==": "eq", "!=": "ne", "<": "lt", "<=": "lteq", ">": "gt", ">=": "gteq"}
CONSTANTS: Final = {"pi": math.pi, "e": math.e}
OPERATORS: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "Add": _add,
    "Sub": lambda left, right: numeric(left) - numeric(right),
    "Mul": lambda left, right: numeric(left) * numeric(right),
    "Div": lambda left, right: numeric(left) / numeric(right),
    "FloorDiv": lambda left, right: numeric(left) // numeric(right),
    "Mod": _modulo,
    "Pow": _power,
}
