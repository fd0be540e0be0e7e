"""Templates: what those of real devices say, what is missing stays missing, and none can hurt."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ecosystems.template_words import MISSING, TEXT_MAX
from devices.ecosystems.templates import SOURCE_MAX, Template, TemplateError, template


def render(source: str, payload: Any) -> str | None:
    said = payload if isinstance(payload, str) else json.dumps(payload)
    try:
        parsed = json.loads(said)
    except ValueError:
        parsed = MISSING
    return Template(source).render(said, parsed)


@pytest.mark.parametrize(
    ("source", "payload", "expected"),
    [
        ("{{ value }}", "21.5", "21.5"),
        ("{{ value_json }}", "21.5", "21.5"),
        ("{{ value_json.temperature }}", {"temperature": 21.5}, "21.5"),
        ("{{value_json['a b'].c}}", {"a b": {"c": 1}}, "1"),
        ('{{ value_json["ENERGY"]["Power"][1] }}', {"ENERGY": {"Power": [1, 2]}}, "2"),
        ("{{ value_json.list.1 }}", {"list": [5, 6]}, "6"),
        ("{{ value_json.a[-1] }}", {"a": [5, 6]}, "6"),
        ("{{ value_json.t | float | round(1) }}", {"t": "21.55"}, "21.6"),
        ("{{ value_json.t|int }}", {"t": 21.9}, "21"),
        ("{{ value | int(base=16) }}", "ff", "255"),
        ("{{ (value_json.t | float * 1.8 + 32) | round(2) }}", {"t": 20}, "68.0"),
        ("{{ value_json.mv / 1000 }}", {"mv": 3300}, "3.3"),
        ("{{ (value|float - 2) // 3 % 4 ** 2 }}", "11", "3.0"),
        ("{{ -value_json.x }}", {"x": 4}, "-4"),
        ("{{ value_json.tempc | is_defined }}", {"tempc": 4}, "4"),
        ("{{ value_json.get('t') }}", {"t": 4}, "4"),
        ("{{ value.split(',')[1] | float }}", "1,2.5", "2.5"),
        ("{{ value[2:4] }}", "ab17", "17"),
        ("{{ value.strip('V').replace('=', '') }}", "=12V", "12"),
        ("{{ value | replace('%', '') }}", "40%", "40"),
        ("{{ value_json.on }}", {"on": True}, "True"),
        ("{{ value_json.on | lower }}", {"on": True}, "true"),
        ("{{ 'ON' if value_json.m == 'open' else 'OFF' }}", {"m": "open"}, "ON"),
        ("{{ 'ON' if value_json.n > 3 and not value_json.off else 'OFF' }}", {"n": 2, "off": False}, "OFF"),
        (
            "{% if value_json.n in (1, 2) %}ON{% elif value_json.n not in [3] %}OFF{% else %}X{% endif %}",
            {"n": 4},
            "OFF",
        ),
        ("{% set x = value_json.a %}{{ x + 1 }}", {"a": 1}, "2"),
        ("{{ {'open': 1, 'shut': 0}[value] }}", "shut", "0"),
        ("{{ {'open': 1}.get(value, 0) }}", "shut", "0"),
        ("{{ iif(value_json.a > 1, 'ON', 'OFF') }}", {"a": 2}, "ON"),
        ("{{ max(value_json.a, value_json.b) }}", {"a": 2, "b": 3}, "3"),
        ("{{ value_json.a ~ '.' ~ value_json.b }}", {"a": 2, "b": 3}, "2.3"),
        ("{{ '%.1f' | format(value_json.a) }}", {"a": 2.26}, "2.3"),
        ("{{ '%d' % value_json.a }}", {"a": 2}, "2"),
        (
            "{% if value_json.a is defined %}{{ value_json.a }}{% else %}{{ states('sensor.a') }}{% endif %}",
            {"a": 2},
            "2",
        ),
        ("{{ value_json.a | default(value_json.b) }}", {"b": 7}, "7"),
        ("{{ value_json.a or value_json.b }}", {"b": 7}, "7"),
        ("{% if value_json.a %}{{ value_json.a }}{% else %}{{ value_json.b }}{% endif %}", {"b": 7}, "7"),
        ("{{ value_json.a is none }}", {"a": None}, "True"),
        ("{{ value_json.a is number and value_json.a is not string }}", {"a": 1}, "True"),
        ("{{ (value | from_json).t }}", '{"t": 3}', "3"),
        ("{# a comment #}{{ value }}\n", "5", "5"),
        ("plain", "5", "plain"),
    ],
)
def test_templates_of_real_devices(source: str, payload: Any, expected: str) -> None:
    assert render(source, payload) == expected


@pytest.mark.parametrize(
    "source",
    [
        "{{ value_json.x }}",
        "{{ value_json.x.y.z }}",
        "{{ value_json.x | default(0) }}",
        "{{ value_json.x | default(-1) | float }}",
        "{{ value_json.x | d('OFF') }}",
        "{{ value_json.x | float(0) }}",
        "{{ value_json.x | int(default=0) }}",
        "{{ value_json.text | float(0) }}",
        "{{ value_json.null | float(0) }}",
        "{{ float(value_json.x, 0) }}",
        "{{ value_json.x or 0 }}",
        "{{ value_json.get('x', 0) }}",
        "{{ 'ON' if value_json.x else 'OFF' }}",
        "{{ 'ON' if value_json.x == 1 else 'OFF' }}",
        "{{ 'ON' if not value_json.x else 'OFF' }}",
        "{{ 'ON' if value_json.x > 1 else 'HI' if value_json.x > 0 else 'OFF' }}",
        "{{ value_json.x | iif('ON', 'OFF') }}",
        "{% if value_json.x %}ON{% else %}OFF{% endif %}",
        "{% if value_json.x == 1 %}1{% elif value_json.y == 1 %}2{% else %}{{ 0 }}{% endif %}",
        "{{ value_json.x is true }}",
        "{{ value_json.x + 1 }}",
        "{{ value_json.x ~ '5' }}",
        "{{ value_json.list[7] }}",
        "{{ value_json.x | is_defined }}",
        "{{ nothing }}",
        "{{ value_json.text[99] }}",
    ],
)
def test_what_is_missing_becomes_no_reading(source: str) -> None:
    found = render(source, {"text": "abc", "null": None, "list": [1]})
    assert found in (None, "")


def test_known_condition_after_an_unknown_one_counts() -> None:
    source = "{% if value_json.x == 1 %}A{% elif value_json.y == 1 %}ON{% else %}OFF{% endif %}"
    assert render(source, {"y": 1}) == "ON"


def test_payload_that_is_no_json_has_no_value_json() -> None:
    assert render("{{ value_json.a }}", "plain") == ""
    assert render("{{ value }}", "plain") == "plain"


BOMBS = [
    "{{ 'x' * 10**9 }}",
    "{{ value * 10**9 }}",
    "{{ [0] * 10**9 }}",
    "{{ range(10**9) | list }}",
    "{{ range(10**9) | sum }}",
    "{% for i in range(10**9) %}x{% endfor %}",
    "{% for a in value %}{% for b in value %}{% for c in value %}x{% endfor %}{% endfor %}{% endfor %}",
    "{{ 9**9**9**9 }}",
    "{{ 10**400 }}",
    "{{ 2**10000000 }}",
    "{{ " + "9" * 4000 + " * " + "9" * 50 + " }}",
    "{{ " + "9" * 4080 + " }}",
    "{% set x = 'aaaaaaaaaaaaaaaa' %}" + "{% set x = x ~ x %}" * 200 + "{{ x }}",
    "{% set x = 'aaaaaaaaaaaaaaaa' %}" + "{% set x = x + x %}" * 200 + "{{ x }}",
    "{% set x = value %}" + "{% set x = x.replace('a', x) %}" * 80 + "{{ x }}",
    "{{ value.replace('', '" + "x" * 3000 + "') }}",
    "{{ value.ljust(10**9) }}",
    "{{ value.zfill(10**9) }}",
    "{{ value | center(10**9) }}",
    "{{ value | indent(10**9) }}",
    "{{ '%1000000000d' | format(1) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '%.999999999f' | format(1) }}",
    "{{ '{:>1000000000}'.format(1) }}",
    "{{ lipsum(10**9) }}",
    "{{ value | round(10**9) }}",
    "{{ value | regex_replace('(a+)+$', '') }}",
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% include 'x' %}",
    "{% import 'x' as y %}",
    "{% extends 'x' %}",
    "{% filter upper %}x{% endfilter %}",
    "{{ 1 if " + "not " * 900 + "value }}",
    "{{ " + "1+" * 1500 + "1 }}",
    "{{ " + "value ~ " * 500 + "value }}",
    "{{ value" + "|lower" * 600 + " }}",
]


@pytest.mark.parametrize("source", BOMBS, ids=range(len(BOMBS)))
def test_no_template_takes_long_or_grows(source: str) -> None:
    """Measured: below 0.1 s each; the limit is for a machine that is busy otherwise."""
    begin = time.process_time()
    try:
        found = Template(source).render("a" * 60_000, "a" * 60_000)
    except TemplateError:
        found = None
    assert time.process_time() - begin < 2
    assert found is None or len(found) <= TEXT_MAX


@pytest.mark.parametrize(
    "source",
    [
        "{{ value.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ value['__class__'] }}",
        "{{ value_json.__init__.__globals__ }}",
        "{{ value_json.get.__self__ }}",
        "{{ value | attr('__class__') }}",
        "{{ value | map('upper') | list }}",
        "{{ self._TemplateReference__context }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{{ namespace() }}",
        "{{ dict(a=1) }}",
        "{{ value_json.items() }}",
        "{{ value_json.update({'a': 1}) }}",
        "{{ value_json.pop('t') }}",
        "{{ 'a'.format_map({}) }}",
        "{{ float.__name__ }}",
        "{{ value.lower.__self__ }}",
        "{{ min(*value_json.l) }}",
        "{{ now() }}",
        "{% set value_json.t = 5 %}",
    ],
)
def test_python_is_out_of_reach(source: str) -> None:
    body = {"t": 1, "l": [1, 2]}
    found = Template(source).render("text", body)
    assert found in (None, "")
    assert body == {"t": 1, "l": [1, 2]}


@pytest.mark.parametrize(
    "source",
    [
        "{{ value",
        "{{ }}",
        "{% if %}",
        "{{ value_json. }}",
        "{% endif %}",
        "{{ " + "(" * 2000,
        "x" * (SOURCE_MAX + 1),
        "{% unknown %}",
        "{{ '\\ud800' }",
    ],
    ids=range(9),
)
def test_what_is_no_template_is_an_error(source: str) -> None:
    with pytest.raises(TemplateError):
        Template(source)


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("{{ value }}", ""),
        ("{{ value_json }}", ""),
        ("{{ value_json.a.b }}", "a.b"),
        ("{{ value_json['a'].b[0] | float(0) | round(1) }}", "a.b.0"),
        (" {{ value_json.t | is_defined }} \n", "t"),
        ("{{ value | float }}", ""),
        ("{{ value_json.a / 10 }}", None),
        ("{{ value_json.a | multiply(10) }}", None),
        ("{{ value_json.a }}{{ value_json.b }}", None),
        ("{{ value_json[value] }}", None),
        ("{{ value.a }}", None),
        ("{% if value %}{{ value }}{% endif %}", None),
        ("{{ other.a }}", None),
        ("5", None),
        ("", None),
    ],
)
def test_path_of_a_value_that_is_not_converted(source: str, path: str | None) -> None:
    assert Template(source).path == path


def test_same_source_is_read_once() -> None:
    assert template("{{ value_json.once }}") is template("{{ value_json.once }}")


WORDS = st.sampled_from(
    [
        "{{",
        "}}",
        "{%",
        "%}",
        "value",
        "value_json",
        ".a",
        "['a']",
        "[0]",
        "|",
        "float",
        "round(1)",
        "default(0)",
        "if",
        "else",
        "endif",
        "set x =",
        "x",
        "'t'",
        "1",
        "-",
        "+",
        "*",
        "**",
        "~",
        "(",
        ")",
        "==",
        "in",
        "is defined",
        "not",
        ",",
        "{",
        "}",
        ":",
        "format",
        "%",
        " ",
    ]
)


@given(st.lists(WORDS, max_size=25).map(" ".join), st.sampled_from(["5", '{"a": [1, {"a": 2}]}', "", "[1, 2]"]))
def test_any_text_is_a_template_or_an_error(source: str, payload: str) -> None:
    try:
        found = render(source, payload)
    except TemplateError:
        return
    assert found is None or isinstance(found, str)
