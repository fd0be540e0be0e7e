r"""InfluxDB line protocol, read strictly, line by line: what is wrong with one is no reason to lose its neighbours.

Layout (docs.influxdata.com, "Line protocol"; UTF-8): ``measurement[,tag=value…] field=value[,field=value…] [time]``.
Escapes are ``\,`` ``\ `` and, but in measurements, ``\=``; texts stand in quotes, with ``\"`` and ``\\``, and may
hold line breaks. Values: ``1.5``, ``1i`` (64 bit), ``1u``, ``t``/``true``/``f``…, ``"text"``, which is no reading.
``#`` begins a comment. Times are whole numbers of the precision's unit; one outside 2000 … 2262 is refused.

    'air,device=mq1,room=a co2=612i 1741167360000000000'  ->  mq1, air.co2{room=a}, 612 at 1741167360000 ms
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from devices.codecs.line_columns import FIELDS_MAX, LATEST_TS, several, together
from devices.codecs.line_names import ESCAPE, BadLine, Known, Names
from telemetry.decoded import BadPart, Decoded, Sample
from telemetry.model import EARLIEST_TS, MAX_READINGS, Reason

PRECISIONS: Final[Mapping[str, tuple[int, int]]] = {
    "ns": (1, 1_000_000), "n": (1, 1_000_000), "": (1, 1_000_000),
    "us": (1, 1_000), "u": (1, 1_000), "µ": (1, 1_000),
    "ms": (1, 1), "s": (1_000, 1), "m": (60_000, 1), "h": (3_600_000, 1),
}  # fmt: skip
"""Factor and divisor that make ms of a time."""
CONTINUED_MAX: Final = 64
"""Lines over which one text may go on."""
NAMES_MAX: Final = 50_000
"""Names of series that are kept for the next lines; then all are forgotten."""
HEAD_MAX: Final = 4_096
"""Characters that may stand before the fields."""
NUMERIC: Final = "0123456789.-+eE"
BOOLEANS: Final = dict.fromkeys(("t", "T", "true", "True", "TRUE"), True) | dict.fromkeys(
    ("f", "F", "false", "False", "FALSE"), False
)
_NUMBER = re.compile(r"-?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,4})?", re.ASCII)
_WHOLE = re.compile(r"-?\d{1,20}[iu]", re.ASCII)
_TIME = re.compile(r"-?\d{1,19}", re.ASCII)
_HEAD = re.compile(r"((?:\\ |[^ ])++) ++")
_FIELD = re.compile(r'((?:\\[,= ]|[^,= ])++)=("(?:\\.|[^"\\])*+"|(?!")[^, ]++)(,| ++|\Z)', re.DOTALL)
_OPEN = re.compile(r'(?:\\[,= ]|[^,= ])++="')
_QUOTE = re.compile(r'(?<!\\)(?:\\\\)*+"')


class LineProtocol:
    """A reader that remembers the names it has made, bounded."""

    def __init__(self) -> None:
        self._known: dict[str | None, Known] = {}

    def decode(self, text: str, precision: str = "ns", owner: str | None = None) -> Decoded:
        """All samples and bad lines of a text. Raises KeyError as ``pieces`` does."""
        found = Decoded(strict=True)
        for piece in self.pieces(text, precision, owner):
            found.samples += piece.samples if piece.columns is None else piece.columns.samples()
            found.lines += piece.lines
            found.bad += piece.bad
        return found

    def pieces(
        self, text: str, precision: str = "ns", owner: str | None = None, size: int = 5_000
    ) -> Iterator[Decoded]:
        """The samples and bad lines of ``size`` lines, or of fewer that have many fields, at a time.

        ``owner`` is the device of lines that name none. Raises KeyError for a precision that is none of
        ``PRECISIONS``.
        """
        scale = PRECISIONS[precision]
        if "\r" in text:
            text = text.replace("\r\n", "\n")
        lines = text.split("\n")
        if not lines[-1]:
            lines.pop()
        plain = '"' not in text and "\\" not in text
        at = 0
        while at < len(lines):
            if sum(one.made for one in self._known.values()) > NAMES_MAX:
                for one in self._known.values():
                    one.heads.clear()  # they know it, too: nothing waits for the collector
                self._known.clear()
            found = Decoded(strict=True)
            at = self._some(lines, at, min(at + size, len(lines)), scale, owner, found, plain=plain)
            yield found

    def _some(
        self,
        lines: list[str],
        at: int,
        end: int,
        scale: tuple[int, int],
        owner: str | None,
        found: Decoded,
        *,
        plain: bool,
    ) -> int:
        """Read the lines from index ``at`` to ``end``, and what the last one goes on with; the index of the next."""
        factor, divisor = scale
        sender = self._known.setdefault(owner, Known())
        if plain and (read := _in_columns(lines, at, end, scale, sender, found)):
            return read
        known = sender.heads
        samples, numbers, new = found.samples, found.lines, tuple.__new__
        while at < end and len(samples) < MAX_READINGS:
            line = lines[at]
            at += 1
            if plain or ('"' not in line and "\\" not in line):
                parts = line.split(" ")
                names = known.get(parts[0])
                if names is not None:  # what most lines are; all else takes the long way
                    ts: int | None = None
                    if len(parts) == 3 and (stamp := parts[2]).isdigit() and stamp.isascii() and len(stamp) < 20:
                        ts = int(stamp) * factor // divisor
                    if len(parts) == 2 or (ts is not None and EARLIEST_TS <= ts < LATEST_TS):
                        mark, fields = len(samples), parts[1].split(",")
                        for field in fields if len(fields) <= FIELDS_MAX else "?":
                            name, _, text = field.partition("=")
                            if not name or text[:1] == "+":
                                break
                            try:
                                value = _word(text) if text.strip(NUMERIC) else float(text)
                            except ValueError:
                                break
                            if value - value != 0.0:
                                break
                            device, metric = names[name]
                            samples.append(new(Sample, (device, metric, value, ts, None)))
                            numbers.append(at)
                        else:
                            continue
                        del samples[mark:], numbers[mark:]
            if line and not line.isspace():
                at = self._slowly(lines, at, scale, owner, found)
        return at

    def _slowly(self, lines: list[str], number: int, scale: tuple[int, int], owner: str | None, found: Decoded) -> int:
        """Read the line of this number (from 1) by the whole grammar; the number of the last line that it took."""
        line, last = lines[number - 1].lstrip(" \t\0").removesuffix("\r"), number
        if line.startswith("#"):
            return number
        while True:
            try:
                found.samples += self._line(line, scale, owner)
            except BadLine as bad:
                more = _rest(line, lines[last : number + CONTINUED_MAX])
                if more:
                    line, last = "\n".join((line, *more)), last + len(more)
                    continue
                found.bad.append(BadPart(number, str(bad), bad.code))
                return number
            found.lines += [number] * (len(found.samples) - len(found.lines))
            return last

    def _line(self, line: str, scale: tuple[int, int], owner: str | None) -> list[Sample]:
        head = _HEAD.match(line)
        if head is None:
            raise BadLine("there are no fields")
        if head.end() > HEAD_MAX:
            raise BadLine("measurement and tags are too long")
        names = self._names(head[1], owner)
        values: list[tuple[str, float | bool]] = []
        at, more = head.end(), ","
        while more == ",":
            field = _FIELD.match(line, at)
            if field is None:
                raise BadLine("a field is key=value")
            value = _value(field[2])
            if len(values) == FIELDS_MAX:
                raise BadLine(f"more than {FIELDS_MAX} fields")
            if value is not None:
                values.append((ESCAPE.sub(r"\1", field[1]), value))
            at, more = field.end(), field[3]
        ts = _time(line[at:].rstrip(" \t\r"), scale)
        return [Sample(*names[name], value, ts) for name, value in values]

    def _names(self, head: str, owner: str | None) -> Names:
        known = self._known.setdefault(owner, Known())
        names = known.heads.get(head)
        if names is None:
            names = known.heads[head] = Names(head, owner, known)
            known.made += 1
        return names


def _in_columns(
    lines: list[str], at: int, end: int, scale: tuple[int, int], known: Known, found: Decoded
) -> int | None:
    """Read many lines from index ``at`` in columns, if all of them are plain; the index of the next."""
    count = lines[at].rpartition(" ")[0].count(",", lines[at].find(" ") + 1) + 1
    some = lines[at : min(end, at + max(1, MAX_READINGS // count))]
    columns = together(some, scale, known.single) if count == 1 else several(some, scale, known.heads)
    if columns is None:
        return None
    found.columns, counts = columns
    found.lines = [number for number, fields in enumerate(counts, at + 1) for _ in range(fields)]
    return at + len(some)


def _value(text: str) -> float | bool | None:
    """The value of a field; None for a text. Raises BadLine."""
    if text[0] == '"':
        return None
    if _NUMBER.fullmatch(text):
        number = float(text)
        if number - number != 0.0:
            raise BadLine("the number is too large")
        return number
    return _word(text)


def _word(text: str) -> float | bool:
    """An integer or a boolean. Raises BadLine."""
    if _WHOLE.fullmatch(text):
        whole = int(text[:-1])
        low, high = (-(2**63), 2**63) if text[-1] == "i" else (0, 2**64)
        if not low <= whole < high:
            raise BadLine("the integer does not fit 64 bits")
        return float(whole)
    if (word := BOOLEANS.get(text)) is not None:
        return word
    raise BadLine("a value is a number, a boolean or a text in quotes")


def _time(text: str, scale: tuple[int, int]) -> int | None:
    if not text:
        return None
    if not _TIME.fullmatch(text):
        raise BadLine("a time is one whole number", Reason.BAD_TIME)
    ts = int(text) * scale[0] // scale[1]
    if not EARLIEST_TS <= ts < LATEST_TS:
        raise BadLine("the time is before 2000 or after 2262: does the precision fit?", Reason.BAD_TIME)
    return ts


def _rest(line: str, after: list[str]) -> list[str]:
    """The lines up to the next quote, if a text begins in ``line`` that does not end there."""
    head = _HEAD.match(line)
    if head is None:
        return []
    at = head.end()
    while (field := _FIELD.match(line, at)) is not None and field[3] == ",":
        at = field.end()
    if field is not None or _OPEN.match(line, at) is None:
        return []
    return next((after[: n + 1] for n, one in enumerate(after) if _QUOTE.search(one)), [])
