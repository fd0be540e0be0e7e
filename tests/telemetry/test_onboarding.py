"""Onboarding in memory: what is checked, and what operators see of a device."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemetry.auth import Accounts
from telemetry.clock import Clock
from telemetry.identity import TERMINAL
from telemetry.model import Reason, Refusal
from telemetry.names import MAX_PATTERN
from telemetry.onboarding import Onboarding, device_of, gateway_of, name_of
from telemetry.registry import Registry
from tests.telemetry.kit import FailingStore, with_accounts


def test_a_device_is_made_once_with_its_name_and_patterns(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        registry = Registry()
        some = Onboarding(accounts, registry, Clock())
        token = await some.add(TERMINAL, "hub", "Hub", ("a-*",))
        assert token is not None
        device = registry.devices["hub"]
        assert (device.name, device.gateway, registry.unsaved_devices) == ("Hub", ("a-*",), [])
        assert await some.add(TERMINAL, "hub", "Other", None) is None
        assert (device.name, device.gateway) == ("Hub", ("a-*",))
        body = some.credentials(device)
        assert (body["token"], body["gateway"], body["series"], "rotating" in body) == (True, ["a-*"], 0, False)
        await accounts.devices.rotate(TERMINAL, "hub", 60)
        rotating = some.credentials(device)["rotating"]
        assert isinstance(rotating, dict)
        assert (rotating["new_used"], rotating["old_used"]) == (False, False)
        assert accounts.devices.identity(token) is not None
        assert some.credentials(device)["rotating"] == rotating | {"old_used": True}
        assert await some.set_gateway(TERMINAL, "hub", None)
        assert (device.gateway, some.credentials(device)["gateway"]) == (None, None)
        assert not await some.set_gateway(TERMINAL, "unknown", None)
        await accounts.devices.revoke(TERMINAL, "hub")
        assert some.credentials(device)["token"] is False

    with_accounts(tmp_path / "x.db", body)


def test_a_name_is_kept_where_none_is_given(tmp_path: Path) -> None:
    async def body(accounts: Accounts, _: FailingStore) -> None:
        registry = Registry()
        registry.add_device("boiler", 1).name = "Boiler room"
        await Onboarding(accounts, registry, Clock()).add(TERMINAL, "boiler", None, None)
        assert registry.devices["boiler"].name == "Boiler room"

    with_accounts(tmp_path / "x.db", body)


@pytest.mark.parametrize(
    ("given", "patterns"),
    [(None, None), ([], ("*",)), (["a-*"], ("a-*",)), (["a", "b/*"], ("a", "b/*")), (["x" * MAX_PATTERN], None)],
    ids=["none", "all", "one", "two", "long"],
)
def test_patterns_of_a_gateway(given: object, patterns: tuple[str, ...] | None) -> None:
    found = gateway_of(given)
    assert found == (tuple(given) if isinstance(given, list) and patterns is None else patterns)


@pytest.mark.parametrize("given", ["*", {"a": 1}, [1], [""], ["x" * (MAX_PATTERN + 1)], ["a"] * 101, [None]], ids=str)
def test_what_is_no_list_of_patterns(given: object) -> None:
    found = gateway_of(given)
    assert isinstance(found, Refusal)
    assert found.code is Reason.BAD_VALUE
    assert (found.at or "").startswith("gateway")


def test_a_device_is_named_in_one_form() -> None:
    assert device_of({"device": "e\u0301"}) == ("\u00e9", {})
    assert device_of({"device": "a", "grace": 1}, "grace") == ("a", {"grace": 1})
    for body in (None, [], {}, {"device": 1}, {"device": "a", "more": 1}):
        refusal = device_of(body, "grace")
        assert isinstance(refusal, Refusal)
        assert refusal.code is Reason.BAD_MESSAGE


@pytest.mark.parametrize("name", ["x" * 201, "a\nb", "a\u202eb", 7, ["a"]], ids=ascii)
def test_what_is_no_name(name: object) -> None:
    refusal = name_of(name)
    assert isinstance(refusal, Refusal)
    assert refusal.at == "name"


def test_an_empty_name_is_none() -> None:
    assert (name_of(None), name_of(""), name_of("Küche 1")) == (None, None, "Küche 1")
