"""Commands: what they answer, in a server and without."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from telemetry import totp
from telemetry.admin import COMMANDS, Admin
from telemetry.admission import Admission
from telemetry.audit import Audit
from telemetry.auth import Accounts, CodeNeeded, open_key
from telemetry.blocking import Blocking
from telemetry.clock import Clock, wall_ms
from telemetry.identity import TERMINAL
from telemetry.registry import Registry
from telemetry.tasks import Tasks
from tests.telemetry.kit import FailingStore


def run(path: Path, body) -> None:
    async def main() -> None:
        store, registry, clock = FailingStore(path / "x.db"), Registry(), Clock()
        await store.start()
        accounts = Accounts(store, clock, Audit(clock))
        await accounts.load()
        admission = Admission(
            "approve", accounts, registry, Blocking(store, Audit(clock), clock), clock, Tasks(), max_pending=4
        )
        try:
            await body(Admin(store, accounts, registry, clock, admission))
        finally:
            store.failing = False
            accounts.close()
            await store.close()

    asyncio.run(main())


async def lines(admin: Admin, command: str, **given: Any) -> list[Any]:
    answer = await admin.run({"command": command, **given})
    assert "error" not in answer, answer
    return list(answer["lines"])  # type: ignore[call-overload]


async def error(admin: Admin, command: str, **given: Any) -> str:
    answer = await admin.run({"command": command, **given})
    assert set(answer) == {"error"}, answer
    message = str(answer["error"])
    assert "\n" not in message
    return message


def test_a_device_comes_with_a_token_and_stays_when_it_is_revoked(tmp_path: Path) -> None:
    async def body(admin: Admin) -> None:
        (made,) = await lines(admin, "device add", id="boiler", name="Boiler room")
        assert set(made) == {"device", "token"}
        assert admin.registry.devices["boiler"].name == "Boiler room"
        assert "has a token already" in await error(admin, "device add", id="boiler")
        assert await lines(admin, "device revoke", id="boiler") == []
        assert "has no token" in await error(admin, "device revoke", id="boiler")
        (listed,) = await lines(admin, "device list")
        assert (listed["device"], listed["name"], listed["token"]) == ("boiler", "Boiler room", False)

    run(tmp_path, body)


def test_another_token_leaves_the_old_one_its_grace(tmp_path: Path) -> None:
    async def body(admin: Admin) -> None:
        assert "has no token" in await error(admin, "device rotate", id="boiler", grace=60.0)
        (first,) = await lines(admin, "device add", id="boiler")
        (second,) = await lines(admin, "device rotate", id="boiler", grace=60.0)
        found = admin.accounts.devices.identity
        assert found(first["token"]) == found(second["token"])
        assert found(first["token"]) is not None
        (third,) = await lines(admin, "device rotate", id="boiler", grace=0.0)
        assert [found(one["token"]) is not None for one in (first, second, third)] == [False, False, True]

    run(tmp_path, body)


def test_device_list_knows_what_was_heard_a_moment_ago(tmp_path: Path) -> None:
    """The table in the database is brought up to date now and then only."""

    async def body(admin: Admin) -> None:
        await lines(admin, "device add", id="boiler")
        admin.registry.devices["boiler"].last_seen = 77
        assert [one["last_seen"] for one in await lines(admin, "device list")] == [77]

    run(tmp_path, body)


@pytest.mark.parametrize(("given", "patterns"), [(None, None), ([], ("*",)), (["a/*", "b"], ("a/*", "b"))])
def test_a_gateway_may_speak_for_all_unless_it_says_for_whom(tmp_path: Path, given: Any, patterns: Any) -> None:
    async def body(admin: Admin) -> None:
        (made,) = await lines(admin, "device add", id="hub", gateway=given)
        found = admin.accounts.devices.identity(made["token"])
        assert found is not None
        assert found.gateway == patterns
        assert admin.registry.devices["hub"].gateway == patterns

    run(tmp_path, body)


def test_a_new_token_for_a_waiting_device_closes_its_socket(tmp_path: Path) -> None:
    """The token went to the operator; without it the id speaks no more."""

    async def body(admin: Admin) -> None:
        assert admin.admission is not None
        closed = []
        admin.admission.knock("boiler", "::1", lambda _: None)
        admin.accounts.watch(open_key("boiler"), lambda: closed.append(1))
        await lines(admin, "device add", id="boiler")
        assert closed == [1]
        assert admin.admission.list() == []

    run(tmp_path, body)


@pytest.mark.parametrize("name", ["", " x", "x/", "a+b", "a#", "a*", "a\nb", "a\u202eb", "x" * 129])
def test_names_follow_the_grammar(tmp_path: Path, name: str) -> None:
    async def body(admin: Admin) -> None:
        assert "is not a device id" in await error(admin, "device add", id=name)
        assert "is not a name" in await error(admin, "user add", name=name, role="admin", password="correct horse")
        assert "is not a name" in await error(admin, "token add", name=name, role="admin")

    run(tmp_path, body)


def test_an_id_is_stored_in_one_form(tmp_path: Path) -> None:
    async def body(admin: Admin) -> None:
        (made,) = await lines(admin, "device add", id="Ku\u0308che")
        assert made["device"] == "K\u00fcche"

    run(tmp_path, body)


def test_users_come_and_go(tmp_path: Path) -> None:
    async def body(admin: Admin) -> None:
        made = await lines(admin, "user add", name="me", role="operator", password="correct horse")
        assert made == [{"user": "me", "role": "operator"}]
        assert "exists already" in await error(admin, "user add", name="me", role="admin", password="correct horse")
        assert "at least" in await error(admin, "user add", name="you", role="admin", password="short")
        (listed,) = await lines(admin, "user list")
        assert set(listed) == {"user", "role", "created"}
        assert await lines(admin, "user remove", name="me") == []
        assert "no user me" in await error(admin, "user remove", name="me")

    run(tmp_path, body)


def test_the_terminal_changes_users_and_even_locks_the_last_admin_out(tmp_path: Path) -> None:
    """It can add one again; and it lets in who has lost the password, or the phone."""

    async def body(admin: Admin) -> None:
        people = admin.accounts.people
        await lines(admin, "user add", name="me", role="admin", password="correct horse")
        offer = admin.accounts.codes.begin("me")
        code = totp.code_at(offer.secret, wall_ms() // totp.STEP_MS)
        assert isinstance(await admin.accounts.codes.confirm(TERMINAL, "me", code), list)
        assert "at least" in await error(admin, "user password", name="me", password="short")
        assert await lines(admin, "user password", name="me", password="another horse") == []
        assert isinstance(await people.log_in("me", "another horse", "::1"), CodeNeeded)
        assert await lines(admin, "user codes-off", name="me") == []
        assert isinstance(await people.log_in("me", "another horse", "::1"), str)
        assert "the role is one of" in await error(admin, "user role", name="me", role="root")
        assert await lines(admin, "user role", name="me", role="viewer") == []
        assert [line["role"] for line in await lines(admin, "user list")] == ["viewer"]
        for command in ("user password", "user role", "user codes-off"):
            assert "no user you" in await error(admin, command, name="you", role="viewer", password="correct horse")

    run(tmp_path, body)


def test_tokens_come_and_go(tmp_path: Path) -> None:
    async def body(admin: Admin) -> None:
        (made,) = await lines(admin, "token add", name="kiosk", role="viewer")
        assert set(made) == {"name", "token"}
        assert "exists already" in await error(admin, "token add", name="kiosk", role="viewer")
        (listed,) = await lines(admin, "token list")
        assert (listed["name"], listed["role"], listed["series"], listed["expired"]) == ("kiosk", "viewer", None, False)
        assert made["token"] not in str(listed)
        assert await lines(admin, "token revoke", name="kiosk") == []
        assert "no token kiosk" in await error(admin, "token revoke", name="kiosk")

    run(tmp_path, body)


def test_what_makes_no_sense_is_one_line(tmp_path: Path) -> None:
    async def body(admin: Admin) -> None:
        assert await error(admin, "device destroy") == "unknown command"
        assert (await admin.run({}))["error"] == "unknown command"
        assert "the role is one of" in await error(admin, "token add", name="x", role="root")
        assert "pattern" in await error(admin, "device add", id="hub", gateway=["x" * 1000])

    run(tmp_path, body)


def test_a_failing_disk_is_an_answer(tmp_path: Path) -> None:
    async def body(admin: Admin) -> None:
        await lines(admin, "user add", name="x", role="viewer", password="correct horse")
        admin.store.failing = True  # type: ignore[attr-defined]
        commands = COMMANDS.keys() - {"user codes-off"}  # they are off: there is nothing to store
        for command in sorted(commands, key=lambda one: ("remove" in one, one)):  # who is removed is out all the same
            if not command.endswith(" list"):
                given = {"id": "x", "name": "x", "role": "admin", "password": "correct horse"}
                if command.startswith("token "):  # what it does not know could have been a limit
                    given = {"name": "x", "role": "admin"}
                if command.startswith("token"):
                    given = {"name": "x", "role": "admin"}
                assert "no_such_table" in await error(admin, command, **given)

    run(tmp_path, body)


def test_users_of_the_broker_come_with_hashes_and_without_tokens(tmp_path: Path) -> None:
    async def body(admin: Admin) -> None:
        (made,) = await lines(admin, "device add", id="boiler")
        await lines(admin, "device add", id="hub", gateway=["node-*"])
        await lines(admin, "device revoke", id="hub")
        boiler, hub = await lines(admin, "broker list", after="")
        assert boiler["mqtt_hash"].startswith("$7$")
        assert made["token"] not in str(boiler)
        assert (hub["id"], hub["has_token"], hub["mqtt_hash"]) == ("hub", False, None)
        assert [one["id"] for one in await lines(admin, "broker list", after="boiler")] == ["hub"]

    run(tmp_path, body)
