"""Jinja templates that come from the network, evaluated without running them.

Home Assistant's discovery says in templates where a value stands (``{{ value_json.env.t | round(1) }}``). Jinja parses
one; what it makes of it, an expression tree, is walked here: no Python is generated, no attribute of an object is ever
looked up, there are no loops, and every text and number that a step makes is bounded, so that a template takes time in
proportion to its length and to the message's. Known are value, value_json, set, if, arithmetic, comparisons and the
words of ``template_words``; anything else fails when it is reached.

One rule differs on purpose: nothing is invented. What is missing stays missing in comparisons, and a fixed text or
number in its place (``default(0)``, ``'ON' if value_json.x else 'OFF'`` without x) is no value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from devices.ecosystems.template_words import (
    ALIASES,
    CONSTANTS,
    FILTERS,
    METHODS,
    MISSING,
    OPERATORS,
    TESTS,
    TEXT_MAX,
    WordError,
    bounded,
    numeric,
    text,
)

SOURCE_MAX: Final = 4_096
"""Characters of a template."""
_SAME: Final = {"float", "int", "round", "default", "d", "is_defined", "string", "trim"}
"""Filters behind which a value is still the same quantity, in the same unit."""


class TemplateError(Exception):
    """A text is no template."""


class Template:
    """A template that was read; ``path`` is that of the value in the message where it is that value, else None.

    ``""`` is the whole payload. ``wants_json`` says that it uses value_json.
    """

    def __init__(self, source: str) -> None:
        """Raises TemplateError."""
        if len(source) > SOURCE_MAX:
            raise TemplateError("a template is too long")
        from jinja2 import Environment
        from jinja2 import TemplateError as Unreadable

        try:
            self._body: list[Any] = Environment(autoescape=False).parse(source).body  # noqa: S701 (it makes no HTML)
        except (Unreadable, ValueError, RecursionError, OverflowError) as error:
            raise TemplateError(f"not a template: {error}"[:200]) from None
        self.wants_json = "value_json" in source
        self.path = _path(self._body)

    def render(self, value: str, value_json: object = MISSING) -> str | None:
        """The text that it makes of a payload, trimmed; None where it has none."""
        run = _Run({"value": value, "value_json": value_json})
        try:
            return "".join(run.body(self._body)).strip()
        except (WordError, ArithmeticError, ValueError, TypeError, LookupError, RecursionError):
            return None


@lru_cache(maxsize=4_096)
def template(source: str) -> Template:
    """The template of a source; entities of many devices share them. Raises TemplateError."""
    return Template(source)


def _kind(node: object) -> str:
    return type(node).__name__


def _path(body: Sequence[Any]) -> str | None:
    found: list[Any] = [node for output in body for node in getattr(output, "nodes", (None,))]
    parts = [node for node in found if _kind(node) != "TemplateData" or node.data.strip()]
    if len(parts) != 1:
        return None
    node: Any = parts[0]
    while _kind(node) == "Filter" and node.name in _SAME:
        node = node.node
    levels: list[str] = []
    while (kind := _kind(node)) in ("Getattr", "Getitem"):
        key = node.attr if kind == "Getattr" else getattr(node.arg, "value", None)
        if not isinstance(key, str | int):
            return None
        levels.insert(0, str(key))
        node = node.node
    if kind != "Name" or node.name not in ("value", "value_json") or (node.name == "value" and levels):
        return None
    return ".".join(levels)


def _literal(node: Any) -> bool:
    """Whether an expression says the same whatever the message holds."""
    return node is None or _kind(node) == "Const" or (_kind(node) in ("Neg", "Pos") and _literal(node.node))


class _Run:
    """One evaluation. ``guessed``: a condition could not be known, so that fixed text behind it means nothing."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.names = names
        self.guessed = False
        self.length = 0

    def body(self, nodes: Sequence[Any]) -> Iterator[str]:
        """The parts of the text that statements make."""
        for node in nodes:
            match _kind(node):
                case "Output":
                    yield from map(self._written, node.nodes)
                case "If":
                    yield from self.body(self._branch(node))
                case "Assign" if _kind(node.target) == "Name":
                    self.names[node.target.name] = self.value(node.node)
                case kind:
                    raise WordError(f"{kind} is not known here")

    def _written(self, node: Any) -> str:
        data = node.data if _kind(node) == "TemplateData" else text(self.value(node))
        if self.guessed and data.strip() and (_kind(node) == "TemplateData" or _literal(node)):
            raise WordError("a fixed text for what is missing")
        self.length += len(data)
        if self.length > TEXT_MAX:
            raise WordError("a text grows too long")
        return data

    def _branch(self, node: Any) -> Sequence[Any]:
        for one in (node, *node.elif_):
            test = self.value(one.test)
            if test is MISSING:
                self.guessed = True
            elif test:
                self.guessed = False
                return one.body  # type: ignore[no-any-return]
        return node.else_  # type: ignore[no-any-return]

    def value(self, node: Any) -> Any:
        """The value of an expression, MISSING where the message has none. Raises WordError."""
        kind = _kind(node)
        if kind in OPERATORS:
            left, right = self._present(node.left), self._present(node.right)
            return bounded(OPERATORS[kind](left, right))
        known = getattr(self, f"_{kind.lower()}", None)
        if known is None:
            raise WordError(f"{kind} is not known here")
        return known(node)

    def _present(self, node: Any) -> Any:
        value = self.value(node)
        if value is MISSING:
            raise WordError("a part is missing")
        return value

    def _const(self, node: Any) -> Any:
        return bounded(node.value)

    def _name(self, node: Any) -> Any:
        return self.names.get(node.name, CONSTANTS.get(node.name, MISSING))

    def _list(self, node: Any) -> list[Any]:
        return [self._present(one) for one in node.items]

    _tuple = _list

    def _dict(self, node: Any) -> dict[Any, Any]:
        return {self._present(pair.key): self._present(pair.value) for pair in node.items}

    def _getattr(self, node: Any) -> Any:
        return _member(self.value(node.node), node.attr)

    def _getitem(self, node: Any) -> Any:
        base = self.value(node.node)
        if _kind(node.arg) != "Slice":
            return _member(base, self.value(node.arg))
        parts = (node.arg.start, node.arg.stop, node.arg.step)
        if not isinstance(base, str | list):
            return MISSING
        return base[slice(*(None if one is None else self._present(one) for one in parts))]

    def _call(self, node: Any) -> Any:
        called, args, options = node.node, [self._present(one) for one in node.args], self._options(node)
        if _kind(called) == "Name" and called.name in FILTERS and called.name not in METHODS:
            return bounded(FILTERS[called.name](*args, **options))
        base = self.value(called.node) if _kind(called) == "Getattr" else None
        if isinstance(base, str) and called.attr in METHODS:
            return bounded(METHODS[called.attr](base, *args))
        if isinstance(base, dict) and called.attr == "get" and args:
            found = base.get(args[0], MISSING)
            if found is MISSING and len(args) > 1 and (_kind(called.node) == "Dict" or not _literal(node.args[1])):
                return args[1]
            return found
        raise WordError("a function that is not known here")

    def _options(self, node: Any) -> dict[str, Any]:
        if node.dyn_args or node.dyn_kwargs:
            raise WordError("unpacked arguments are not known here")
        return {one.key: self._present(one.value) for one in node.kwargs if one.key != "default"}

    def _filter(self, node: Any) -> Any:
        if node.node is None:
            raise WordError("filter blocks are not known here")
        value = self.value(node.node)
        if node.name in ("default", "d"):
            empty = value is MISSING or (len(node.args) > 1 and not value)
            return (MISSING if _literal((*node.args, None)[0]) else self.value(node.args[0])) if empty else value
        if value is MISSING or node.name not in FILTERS:
            if node.name == "is_defined" and value is not MISSING:
                return value
            raise WordError(f"{node.name} of what is missing, or not known here")
        return bounded(FILTERS[node.name](value, *map(self._present, node.args), **self._options(node)))

    def _test(self, node: Any) -> Any:
        value = self.value(node.node)
        if node.name in ("defined", "undefined"):
            return (value is not MISSING) is (node.name == "defined")
        if value is MISSING:
            return False if node.name == "none" else MISSING
        return TESTS[ALIASES.get(node.name, node.name)](value, *map(self._present, node.args))

    def _compare(self, node: Any) -> Any:
        left = self.value(node.expr)
        for operand in node.ops:
            right = self.value(operand.expr)
            if left is MISSING or right is MISSING:
                return MISSING
            name = operand.op
            if TESTS[name.removeprefix("not")](left, right) is (name == "notin"):
                return False
            left = right
        return True

    def _and(self, node: Any) -> Any:
        left = self.value(node.left)
        return left if left is MISSING or not left else self.value(node.right)

    def _or(self, node: Any) -> Any:
        left = self.value(node.left)
        if left is MISSING:
            return MISSING if _literal(node.right) else self.value(node.right)
        return left or self.value(node.right)

    def _not(self, node: Any) -> Any:
        value = self.value(node.node)
        return MISSING if value is MISSING else not value

    def _neg(self, node: Any) -> Any:
        return -numeric(self._present(node.node))

    def _pos(self, node: Any) -> Any:
        return numeric(self._present(node.node))

    def _concat(self, node: Any) -> str:
        return str(bounded("".join(text(self._present(one)) for one in node.nodes)))

    def _condexpr(self, node: Any) -> Any:
        test = self.value(node.test)
        if test is MISSING and _literal(node.expr2):
            raise WordError("a fixed text for what is missing")
        if test is not MISSING and test:
            return self.value(node.expr1)
        return MISSING if node.expr2 is None else self.value(node.expr2)


def _member(base: Any, key: Any) -> Any:
    """A key of an object, an index of a list or a text; MISSING where there is none. Python's attributes are none."""
    if isinstance(base, dict):
        return base.get(key, MISSING)
    if isinstance(base, list | str) and isinstance(key, int) and -len(base) <= key < len(base):
        return base[key]
    return MISSING
