"""Names of series in line protocol; test_line_protocol.py has the tags in their lines."""

from __future__ import annotations

import pytest

from devices.codecs.line_names import NAMING, BadLine, Known, Names


@pytest.mark.parametrize("tag", NAMING)
def test_a_naming_tag_is_the_device_and_no_label(tag: str) -> None:
    assert Names(f"cpu,zone=z,{tag}=a", "sender", Known())["v"] == ("a", "cpu.v{zone=z}")


def test_of_two_naming_tags_the_first_of_the_list_names_whatever_their_order() -> None:
    for head in ("cpu,host=b,device=a", "cpu,device=a,host=b"):
        assert Names(head, None, Known())["v"] == ("a", "cpu.v{host=b}")


@pytest.mark.parametrize(
    ("field", "kept"), [("v", True), ("a b", False), ("a,b", False), ("a=b", False), ("\\", False)]
)
def test_only_what_has_no_escapes_is_known_by_its_text(field: str, kept: bool) -> None:
    known = Known()
    names = Names("cpu", None, known)
    assert names[field] == ("cpu", field)
    assert list(known.single) == ([f"cpu {field}"] if kept else [])
    assert known.made == 1


@pytest.mark.parametrize("head", ["", ",a=b", "cpu,", "cpu,a", "cpu,a=", "cpu,=b", "cpu,a=b,a=c", "cpu,,a=b"])
def test_a_bad_head_has_no_names(head: str) -> None:
    with pytest.raises(BadLine):
        Names(head, None, Known())
