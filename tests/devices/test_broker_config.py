"""Files for Mosquitto, and a real Mosquitto that obeys them: rules, passwords, reload, restart."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from devices import broker_config
from devices.broker_config import BRIDGE, User, acl, passwd, user_name, write
from devices.broker_probe import Probe, Target
from telemetry.mosquitto import password_hash
from tests.clients import wait_until
from tests.mosquitto import Mosquitto

NAMES = ("a", "a/b", "b", "Küche Süd", "aa:bb:cc", "100%", "100%3A", "weird 'name' \"q\" $x", "日本")


def user(device: str, gateway: tuple[str, ...] | None = None) -> User:
    return User(device, gateway, has_token=True, hash=password_hash(f"token of {device}"))


def shipped(folder: Path) -> str:
    """The config that was written to a folder, on a port and with a store of the test's own."""
    text = (folder / "mosquitto.conf").read_text()
    assert "{" not in text
    changed = text.replace("listener 1883 127", "listener {port} 127").replace("/var/lib/mosquitto/", "{folder}/")
    assert changed.count("{port}") == changed.count("{folder}") == 1
    return changed


@contextmanager
def running(folder: Path, work: Path) -> Iterator[Mosquitto]:
    work.mkdir(exist_ok=True)
    broker = Mosquitto(work, shipped(folder)).start()
    try:
        yield broker
    finally:
        broker.stop()


@contextmanager
def logged_in(
    broker: Mosquitto, name: str, password: str, client_id: str = "", *, keep: bool = False
) -> Iterator[Probe]:
    probe = Probe(Target("127.0.0.1", broker.port, user=name, password=password), client_id, keep=keep)
    assert probe.dial(), (name, probe.code)
    try:
        yield probe
    finally:
        probe.hang_up()


def bridge_password(folder: Path) -> str:
    return (folder / "bridge.env").read_text().split(f"{BRIDGE}:")[1].split("@")[0]


def test_every_device_writes_and_reads_its_own_leaves_and_no_neighbours(tmp_path: Path) -> None:
    """Two real clients for each name; whatever letters the id is made of."""
    folder = tmp_path / "with blank"
    write(folder, [user(name) for name in NAMES], "homeassistant", password_hash)
    with (
        running(folder, tmp_path / "m") as broker,
        logged_in(broker, BRIDGE, bridge_password(folder)) as bridge,
    ):
        assert bridge.subscribe("#")
        for name in NAMES:
            with logged_in(broker, user_name(name), f"token of {name}") as device:
                assert device.subscribe("#")
                mine = [f"telltale/{name}/{leaf}" for leaf in ("readings", "reply", "status")]
                others = [
                    f"telltale/{other}/{leaf}" for other in NAMES if other != name for leaf in ("readings", "reply")
                ]
                refused = [f"telltale/{name}/{leaf}" for leaf in ("command", "presence", "x", "readings/x")]
                for topic in (*others, *refused, "telltale", "tele/x/SENSOR", f"telltale/{name}x/readings", *mine):
                    assert device.send(topic, b"from the device")
                assert bridge.wait_for(3), name
                assert [one.topic for one in bridge.got] == mine
                bridge.got.clear()
                sent = [f"telltale/{one}/{leaf}" for one in NAMES for leaf in ("command", "presence")]
                for topic in sent:
                    assert bridge.send(topic, b"from the server")
                assert device.wait_for(2)
                # the server's own read back: everything it sent has passed the broker by now
                assert bridge.wait_for(len(sent))
                bridge.got.clear()
                device.wait_for(99, quiet=0.2)
                assert {one.topic for one in device.got} == {f"telltale/{name}/command", f"telltale/{name}/presence"}


def test_a_gateway_writes_for_the_devices_it_speaks_for(tmp_path: Path) -> None:
    silent = User("node-7", None, has_token=False, hash=None)
    everyone = [user("hub", ("node-*",)), user("all", ("*",)), silent, user("other")]
    write(tmp_path / "f", everyone, "", password_hash)
    with (
        running(tmp_path / "f", tmp_path / "m") as broker,
        logged_in(broker, BRIDGE, bridge_password(tmp_path / "f")) as bridge,
    ):
        bridge.subscribe("#")
        for name, allowed in (("hub", ["hub", "node-7"]), ("all", ["all", "hub", "node-7", "other"])):
            with logged_in(broker, name, f"token of {name}") as gateway:
                for device in ("hub", "node-7", "all", "other", "unknown"):
                    assert gateway.send(f"telltale/{device}/readings", b"x")
            assert bridge.wait_for(len(allowed))
            bridge.wait_for(99, quiet=0.2)
            assert sorted(one.topic for one in bridge.got) == sorted(f"telltale/{one}/readings" for one in allowed)
            bridge.got.clear()


def test_no_one_gets_in_without_the_right_password(tmp_path: Path) -> None:
    write(tmp_path / "f", [user("a"), User("old", None, has_token=True, hash=None)], "", password_hash)
    with running(tmp_path / "f", tmp_path / "m") as broker:
        for name, password in (
            (None, None), ("", ""), ("a", ""), ("a", "token of b"), ("A", "token of a"), ("old", "token of old"),
            (BRIDGE, ""), (BRIDGE, "token of a"), ("a", "token of a "),
        ):  # fmt: skip
            probe = Probe(Target("127.0.0.1", broker.port, user=name, password=password))
            assert not probe.dial(), (name, password)
            assert probe.code in (4, 5, 134, 135)


def test_a_revoked_device_is_out_and_a_new_one_in_after_the_next_config_and_a_reload(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    write(folder, [user("a"), user("b")], "", password_hash)
    password = bridge_password(folder)
    with running(folder, tmp_path / "m") as broker:
        with logged_in(broker, "a", "token of a"):
            pass
        report = write(folder, [user("b"), user("c")], "", password_hash)
        assert sorted(path.name for path in report.written) == ["acl", "passwd"]
        broker.proc.send_signal(signal.SIGHUP)

        def gets_in(name: str, its: str) -> bool:
            probe = Probe(Target("127.0.0.1", broker.port, user=name, password=its))
            try:
                return probe.dial()
            finally:
                probe.hang_up()

        wait_until(lambda: not gets_in("a", "token of a"), 20, "the reload")
        assert gets_in("b", "token of b")
        assert gets_in("c", "token of c")
        assert gets_in(BRIDGE, password)


def test_what_was_saved_outlives_a_killed_broker(tmp_path: Path) -> None:
    """More than 1,000 messages for a client that is away, the next save, SIGKILL, start: all are there."""
    folder = tmp_path / "f"
    write(folder, [user("a")], "", password_hash)
    password = bridge_password(folder)
    with running(folder, tmp_path / "m") as broker:
        with logged_in(broker, BRIDGE, password, "server", keep=True) as bridge:
            bridge.subscribe("#")
        with logged_in(broker, "a", "token of a") as device:
            assert device.send("telltale/a/readings", count=1_200)
        saved = tmp_path / "m" / "mosquitto.db"
        # the broker writes every 10 s; the file is complete when it has the last message
        wait_until(lambda: saved.exists() and b"1199" in saved.read_bytes(), 40, "the broker's store")
        broker.kill()
        broker.start()
        with logged_in(broker, BRIDGE, password, "server", keep=True) as bridge:
            assert bridge.session_present
            bridge.wait_for(1_200, 30)
            assert {one.payload for one in bridge.got} == {b"%d" % number for number in range(1_200)}


def test_rules_of_ones_own_are_appended_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    write(folder, [user("a")], "", password_hash)
    (folder / "acl.local").write_text("pattern write tele/%u/#\n")
    (folder / "mosquitto.conf").write_text((folder / "mosquitto.conf").read_text() + "# mine\n")
    report = write(folder, [user("a"), user("b")], "", password_hash)
    assert {path.name for path in report.kept} == {"mosquitto.conf", "acl.local", "bridge.env"}
    assert (folder / "mosquitto.conf").read_text().endswith("# mine\n")
    with (
        running(folder, tmp_path / "m") as broker,
        logged_in(broker, BRIDGE, bridge_password(folder)) as bridge,
        logged_in(broker, "a", "token of a") as device,
    ):
        bridge.subscribe("#")
        for topic in ("tele/b/SENSOR", "tele/a/SENSOR", "telltale/a/readings"):
            assert device.send(topic, b"x")
        assert bridge.wait_for(2)
        assert [one.topic for one in bridge.got] == ["tele/a/SENSOR", "telltale/a/readings"]


def test_files_are_for_their_owner_only_and_nothing_is_left_behind(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    write(folder, [user("a")], "", password_hash)
    assert {path.name for path in folder.iterdir()} == {"mosquitto.conf", "acl", "acl.local", "passwd", "bridge.env"}
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}
    assert bridge_password(folder) not in "".join(
        path.read_text() for path in folder.iterdir() if path.name != "bridge.env"
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_under_root_files_belong_to_the_owner_of_the_folder_but_the_servers_password(tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    os.chown(folder, 12_345, 23_456)
    write(folder, [user("a")], "", password_hash)
    owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in folder.iterdir()}
    assert owners.pop("bridge.env") == (os.geteuid(), os.getegid())
    assert set(owners.values()) == {(12_345, 23_456)}


@pytest.mark.parametrize("name", ["acl.local", "bridge.env"])
def test_a_link_in_the_folder_is_not_followed(tmp_path: Path, name: str) -> None:
    """The folder may belong to the broker's user, who must not get to read what root can."""
    secret = tmp_path / "secret"
    secret.write_text("what only root may read")
    folder = tmp_path / "f"
    folder.mkdir()
    (folder / name).symlink_to(secret)
    with pytest.raises(OSError, match="symbolic"):
        write(folder, [user("a")], "", password_hash)
    assert not (folder / "acl").exists()


def test_a_bridge_file_without_password_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bridge.env").write_text("TELLTALE_MQTT_URL=mqtt://127.0.0.1\n")
    with pytest.raises(ValueError, match="delete it"):
        write(tmp_path, [], "", password_hash)


def test_older_tokens_and_reserved_names_are_reported_and_get_no_user(tmp_path: Path) -> None:
    old = User("old", None, has_token=True, hash=None)
    report = write(tmp_path, [old, user("telltale"), user(BRIDGE), user("a")], "", password_hash)
    assert (report.users, report.rotate, report.reserved) == (1, ["old"], ["telltale", BRIDGE])
    names = [line.split(":")[0] for line in (tmp_path / "passwd").read_text().splitlines()]
    assert names == [BRIDGE, "a"]
    rules = (tmp_path / "acl").read_text()
    assert rules.count(f"user {BRIDGE}") == 1
    assert "user telltale\n" not in rules


def test_user_names_differ_where_ids_do() -> None:
    ids = ["a:b", "a%3Ab", "a%b", "a%25b", "a%253Ab", "a"]
    assert len({user_name(one) for one in ids}) == len(ids)
    assert not any(":" in user_name(one) for one in ids)
    assert user_name("Küche Süd/1") == "Küche Süd/1"


def test_rules_name_exact_leaves() -> None:
    """No wildcard for a device."""
    rules = acl([user("a")], "ha").split("user a\n")[1]
    assert "#" not in rules
    assert "+" not in rules
    assert "topic write ha/#" in acl([], "ha")
    assert "ha/#" not in acl([], "")
    assert passwd([], "H") == f"{BRIDGE}:H\n"


def test_the_shipped_config_is_closed() -> None:
    """Loopback only, no one without a password, until somebody opens it."""
    text = (broker_config.TEMPLATES / "mosquitto.conf").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if line.startswith("listener")] == ["listener 1883 127.0.0.1"]
    assert "allow_anonymous false" in lines
    local = (broker_config.TEMPLATES / "acl.local").read_text()
    assert all(line.startswith("#") for line in local.splitlines() if line)


QUEUED = 1_000


def written(config: str, folder: Path, password: str) -> int:
    """Bytes that a broker writes while messages queue up for the server, which is away."""
    folder.mkdir()
    broker = Mosquitto(folder, config).start()
    try:
        with logged_in(broker, BRIDGE, password, "away", keep=True) as server:
            assert server.subscribe("telltale/#")
        with logged_in(broker, BRIDGE, password) as sender:
            assert sender.send("telltale/a/command", count=QUEUED)
        io = Path(f"/proc/{broker.proc.pid}/io").read_text()
        return int(io.split("wchar: ")[1].split()[0])
    finally:
        broker.stop()


def test_messages_that_wait_do_not_wear_out_the_disk(tmp_path: Path) -> None:
    """Saving at every change is what the shipped config must not do: that rewrites all that waits for each message."""
    write(tmp_path / "f", [], "homeassistant", password_hash)
    config, password = shipped(tmp_path / "f"), bridge_password(tmp_path / "f")
    lines = [line for line in config.splitlines() if not line.startswith("autosave_")]
    eager = "\n".join([*lines, "autosave_interval 1", "autosave_on_changes true", ""])
    assert 50 * written(config, tmp_path / "shipped", password) < written(eager, tmp_path / "eager", password)
