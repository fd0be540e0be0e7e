"""Fixtures that every test may use: real servers. See ``tests/support.py`` for what a server offers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support import Server, factory

# A slow machine must not fail a law: no deadline. CI repeats the same examples every time.
settings.register_profile("here", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("here"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start servers: ``server({"storage.commit_interval": "0"}, args=[...], env={...}, wrap=[...]) -> Server``."""
    yield from factory(tmp_path_factory.mktemp("server"))


@pytest.fixture(scope="module")
def module_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """As ``server``, but its servers live until the module's last test: for many cheap tests of one server."""
    yield from factory(tmp_path_factory.mktemp("server"))
