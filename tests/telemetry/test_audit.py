"""The audit log: an entry with each change, none without, and none with a secret."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from telemetry.audit import MAX_STATE, MAX_SUBJECT, Audit, difference, showing
from telemetry.auth import Accounts, Role
from telemetry.clock import Clock
from telemetry.identity import Actor
from telemetry.store import audit
from telemetry.store.db import StoreError
from tests.support import ROOT
from tests.telemetry.kit import FailingStore, with_accounts

ME = Actor("me", "user", "10.0.0.7")
PASSWORD = "correct horse"


async def entries(store: FailingStore) -> list[audit.AuditRow]:
    return await store.read(lambda connection: audit.newest(connection, None, 100))


def test_each_change_of_an_account_is_noted_once(tmp_path: Path) -> None:
    async def body(accounts: Accounts, store: FailingStore) -> None:
        assert await accounts.people.add(ME, "you", Role.VIEWER, PASSWORD)
        assert not await accounts.people.add(ME, "you", Role.ADMIN, PASSWORD)
        await accounts.tokens.add(ME, "kiosk", Role.VIEWER)
        await accounts.devices.give(ME, "hub", None, ("a/*",))
        await accounts.devices.revoke(ME, "hub")
        await accounts.tokens.revoke(ME, "kiosk")
        assert await accounts.people.remove(ME, "you")
        assert not await accounts.people.remove(ME, "you")
        found = await entries(store)
        assert [(one.action, one.subject) for one in reversed(found)] == [
            ("user add", "you"),
            ("token add", "kiosk"),
            ("device add", "hub"),
            ("device revoke", "hub"),
            ("token revoke", "kiosk"),
            ("user remove", "you"),
        ]
        assert {(one.who, one.kind, one.address) for one in found} == {ME}
        assert json.loads(found[-1].after or "") == {"role": "viewer"}
        assert json.loads(found[0].before or "") == {"role": "viewer"}

    with_accounts(tmp_path / "x.db", body)


def test_a_change_that_failed_leaves_no_entry(tmp_path: Path) -> None:
    async def body(accounts: Accounts, store: FailingStore) -> None:
        store.failing = True
        with pytest.raises(StoreError):
            await accounts.tokens.add(ME, "kiosk", Role.VIEWER)
        store.failing = False
        assert await entries(store) == []

    with_accounts(tmp_path / "x.db", body)


def test_no_secret_is_in_an_entry(tmp_path: Path) -> None:
    async def body(accounts: Accounts, store: FailingStore) -> None:
        await accounts.people.add(ME, "you", Role.VIEWER, PASSWORD)
        secrets = [PASSWORD, str(await accounts.tokens.add(ME, "kiosk", Role.VIEWER))]
        secrets.append(str(await accounts.devices.give(ME, "boiler")))
        text = repr(await entries(store))
        assert not any(one in text for one in secrets)
        assert "argon2" not in text

    with_accounts(tmp_path / "x.db", body)


def test_an_entry_shows_only_what_differs() -> None:
    old = {"name": "one", "parts": [{"id": "a", "w": 1}, {"id": "b", "w": 2}], "gone": 1, "same": {"x": 1}}
    new = {"name": "two", "parts": [{"id": "a", "w": 1}, {"id": "b", "w": 6}], "made": 2, "same": {"x": 1}}
    expected = (
        {"name": "one", "parts": {"1": {"w": 2}}, "gone": 1},
        {"name": "two", "parts": {"1": {"w": 6}}, "made": 2},
    )
    assert difference(old, new) == expected
    assert difference({"a": [1]}, {"a": [1, 2]}) == ({"a": [1]}, {"a": [1, 2]}), "lists of other lengths as they are"
    assert difference(None, {"a": 1}) == (None, {"a": 1})
    assert difference({"a": 1}, {"a": 1}) == ({}, {})


def test_an_entry_is_bounded_and_says_what_it_left_out() -> None:
    entry = Audit(Clock()).entry(ME, "board change", "s" * 999)
    assert len(entry.subject) == MAX_SUBJECT
    shown = showing(entry, None, {"name": "x", "text": "y" * 99_999, "parts": [1] * 50_000, "n": 7})
    assert shown.after is not None
    assert len(shown.after) <= MAX_STATE
    state = json.loads(shown.after)
    assert (state["name"], state["parts"], state["n"]) == ("x", "… 50000", 7)
    assert state["text"].startswith("yyy")
    assert state["…"].endswith(" characters")
    many = showing(entry, {f"key {n}": "v" * 100 for n in range(9_999)}, None)
    assert many.before is not None
    assert json.loads(many.before).keys() == {"…"}
    assert showing(entry, ["z" * 99_999], None).before == json.dumps(
        {"…": "100003 characters"}, ensure_ascii=False
    ).replace(": ", ":")


CALLED = re.compile(
    r"(?:\.entry\((?:Actor\([^)\n]*\))?|_noting\(|\.replace\(by, |action(?:: str = |=))"  # who takes an action,
    r'[^"\n]*?"([a-z][a-z ]+)"(?: if [^"\n]* else "([a-z][a-z ]+)")?'  # and the action, or one of two
)


def test_the_page_has_words_for_every_action() -> None:
    texts = [path.read_text() for path in (ROOT / "telemetry").glob("*.py")]
    found = {action for text in texts for pair in CALLED.findall(text) for action in pair}
    found -= {"", "name", "append"}  # a field, and a word of argparse
    assert {"login", "device rotate end", "note restore", "note delete", "layout undo", "codes on"} <= found
    words = (ROOT / "static/js/core/audit.js").read_text()
    assert [one for one in sorted(found) if f"{one}: ()" not in words and f'"{one}": ()' not in words] == []
