"""What is installed is what is declared: floors in pyproject.toml, exact versions in requirements*.txt."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.contracts import source


def locked(path: str) -> dict[str, str]:
    lines = [line for line in source.text(path).splitlines() if line and not line.startswith(("#", "-r"))]
    assert all(re.fullmatch(r"[\w.-]+==[\w.+-]+", line) for line in lines), lines
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def floors(*keys: str) -> list[Requirement]:
    project = tomllib.loads(source.text("pyproject.toml"))["project"]
    for key in keys:
        project = project[key]
    return [Requirement(one) for one in project]


@pytest.mark.parametrize(
    ("keys", "path"),
    [(("dependencies",), "requirements.txt"), (("optional-dependencies", "dev"), "requirements-dev.txt")],
)
def test_lock_satisfies_the_floors(keys: tuple[str, ...], path: str) -> None:
    versions = locked(path)
    for floor in floors(*keys):
        assert floor.specifier.contains(versions[canonicalize_name(floor.name)]), f"{path}: {floor}"


def test_dev_lock_repeats_nothing() -> None:
    assert source.text("requirements-dev.txt").splitlines()[1] == "-r requirements.txt"
    assert set(locked("requirements.txt")) & set(locked("requirements-dev.txt")) == set()
