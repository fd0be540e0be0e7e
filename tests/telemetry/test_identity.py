"""Identities and the sockets that end with a credential."""

from __future__ import annotations

from telemetry.identity import DeviceIdentity, Role, Watchers, device_key, digest, open_key


def test_each_role_includes_the_one_before() -> None:
    assert Role.VIEWER < Role.OPERATOR < Role.ADMIN


def test_a_socket_with_a_token_and_one_without_end_for_different_reasons() -> None:
    assert DeviceIdentity("x").key == device_key("x")
    assert DeviceIdentity("x", pending=True, by_token=False).key == open_key("x")
    assert device_key("x") != open_key("x")


def test_everything_tied_to_a_key_is_closed_once() -> None:
    watchers, closed = Watchers(), []
    watchers.watch("a", lambda: closed.append(1))
    watchers.watch("a", lambda: closed.append(2))
    watchers.watch("b", lambda: closed.append(3))
    watchers.end("a")
    watchers.end("a")
    watchers.end("never seen")
    assert closed == [1, 2]


def test_a_socket_that_went_is_forgotten() -> None:
    watchers, closed = Watchers(), []
    stay = watchers.watch("a", lambda: closed.append("stays"))
    forget = watchers.watch("a", lambda: closed.append("gone"))
    forget()
    forget()
    watchers.end("a")
    stay()
    assert closed == ["stays"]
    assert not watchers._closers


def test_forgetting_after_the_end_does_not_touch_a_new_watcher() -> None:
    """A revoked and re-added credential has the same key."""
    watchers, closed = Watchers(), []
    old = watchers.watch("a", lambda: None)
    watchers.end("a")
    watchers.watch("a", lambda: closed.append("new"))
    old()
    watchers.end("a")
    assert closed == ["new"]


def test_closing_may_forget_while_the_others_are_being_closed() -> None:
    """A socket's close handler runs the function that ``watch`` gave it."""
    watchers, closed = Watchers(), []
    forgets = []
    for n in range(3):
        forgets.append(watchers.watch("a", lambda n=n: (closed.append(n), forgets[n]())))
    watchers.end("a")
    assert closed == [0, 1, 2]


def test_a_lone_surrogate_is_a_token_like_any_other_wrong_one() -> None:
    assert len(digest("\ud800")) == 32
