"""Errors of the disk at the n-th write or sync of the real server: never an ack for what is not there, never an end.

strace makes system calls fail with an error of its own, without doing them. The server is a copy whose pause after a
failure is short, so that some hundred points fit into a test.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.faults.changed import changed
from tests.faults.load import Steady, stored
from tests.faults.recording import needs_strace
from tests.support import SCALE, SERVER, Server, wait_until

POINTS = 25
"""Failures in one run."""
LINES = 40
# A step that divides what a probe and a commit do would fail each time at the same place
SOON = {"telemetry/ingest.py": {"PROBE = 1.0\n": "PROBE = 0.02\n", "PROBE_MAX = 4.0\n": "PROBE_MAX = 0.04\n"}}
SETTINGS = {"storage.commit_interval": "0", "devices.admission": "open"}
TROUBLE = r"commit failed|maintenance: |devices are told to try later"

pytestmark = [pytest.mark.faults, needs_strace]


def failing(trace: Path, call: str, error: str, when: str) -> list[str]:
    """The words before a command whose ``call`` fails: ``when`` is the first, ``first+step`` or ``first+``."""
    inject = f"inject={call}:error={error}:when={when}"
    return ["strace", "-D", "-f", "-o", str(trace), "-e", f"trace={call}", "-e", inject]


def injected(trace: Path) -> int:
    return trace.read_text(errors="replace").count("(INJECTED)") if trace.exists() else 0


def begun(server: Callable[..., Server], tmp_path: Path) -> tuple[Server, str, Steady]:
    """A server with a database, an API token, and a device that sends."""
    one = server(SETTINGS, source=changed(tmp_path / "source", SOON))
    one.expect_log(TROUBLE)
    device = Steady(one, "boiler")
    device.start()
    wait_until(lambda: len(device.acked) > 5, 30)
    return one, one.api_token("viewer"), device


def assert_kept(one: Server, viewer: str, device: Steady) -> None:
    have = stored(one, f"{device.device}/n", viewer)
    assert device.wanted().items() <= have.items(), "acknowledged and lost"


@pytest.mark.parametrize(
    ("call", "error", "when"),
    [
        ("fdatasync", "EIO", "9+7"),
        ("pwrite64", "EIO", "30+23"),
        ("pwrite64", "ENOSPC", "31+29"),
        ("pwrite64", "EROFS", "32+31"),
    ],
)
def test_failing_now_and_then_loses_nothing_acknowledged(
    server: Callable[..., Server], tmp_path: Path, call: str, error: str, when: str
) -> None:
    """The device is told to try later, sends again, and gets on; after kill -9 all that was acknowledged is there."""
    trace = tmp_path / "trace"
    one, viewer, device = begun(server, tmp_path)
    one.wrap = failing(trace, call, error, when)
    one.restart()
    wait_until(lambda: injected(trace) >= POINTS, 60, "enough failures")
    known = len(device.acked)
    wait_until(lambda: len(device.acked) > known + 2, 30, "the device to get on")
    assert one.running
    one.kill()
    device.stop()
    assert device.refused["try_later"] > 1
    assert set(device.refused) == {"try_later"}
    assert len(one.log().splitlines()) < LINES, one.log()
    one.wrap = ()
    one.start()
    assert device.acked
    assert_kept(one, viewer, device)


@pytest.mark.parametrize("call", ["fdatasync", "pwrite64"])
def test_disk_that_never_comes_back_is_read_and_never_written(
    server: Callable[..., Server], tmp_path: Path, call: str
) -> None:
    """From one moment on everything fails: no ack after it, reads go on, the log stays short, the server stays up."""
    trace = tmp_path / "trace"
    one, viewer, device = begun(server, tmp_path)
    one.wrap = failing(trace, call, "EIO", "60+")
    one.restart()
    wait_until(lambda: device.refused["try_later"] >= 20, 60)
    acked = len(device.acked)
    wait_until(lambda: injected(trace) >= POINTS and device.refused["try_later"] >= 60, 60)
    assert len(device.acked) == acked > 0
    assert one.request("GET", "/healthz").status == 503
    assert one.metrics(viewer)["telltale_disk_ok"] == 0
    assert_kept(one, viewer, device)
    assert len(one.log().splitlines()) < LINES, one.log()
    one.kill()
    device.stop()
    one.wrap = ()
    one.start()
    assert_kept(one, viewer, device)


@pytest.mark.parametrize("call", ["fdatasync", "pwrite64"])
def test_one_failure_during_the_start_ends_in_service_or_in_one_line(
    server: Callable[..., Server], tmp_path: Path, call: str
) -> None:
    """Each of the first calls fails once: the server serves in the end, or says why it cannot and exits with 1."""
    one, viewer, device = begun(server, tmp_path)
    one.kill()
    device.stop()
    for point in range(1, 13):
        trace = tmp_path / f"trace-{point}"
        one.wrap = failing(trace, call, "EIO", str(point))
        try:
            one.start()
        except AssertionError:
            assert one.proc.returncode == 1, one.log()
            assert "Input/output error" in one.log().splitlines()[-1] or "I/O" in one.log().splitlines()[-1]
            continue
        wait_until(lambda: one.request("GET", "/healthz").status == 200, 30, "service")
        taken = partial(one.request, "POST", "/api/ingest?device=extra", json_body={"point": point})
        wait_until(lambda taken=taken: taken().status == 200, 30, "a reading to be taken")
        assert_kept(one, viewer, device)
        one.kill()
    one.wrap = ()
    one.start()
    assert_kept(one, viewer, device)


def test_new_database_on_a_failing_disk_is_refused_in_one_line(tmp_path: Path) -> None:
    """Without anything to read there is nothing to serve: exit status 1, and a line that names the file."""
    command = [*failing(tmp_path / "trace", "pwrite64", "EIO", "2+"), sys.executable, str(SERVER)]
    done = subprocess.run(
        [*command, f"--storage.path={tmp_path / 'new.db'}", "--server.port=0"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60 * SCALE,
        cwd=SERVER.parent,
    )
    assert done.returncode == 1
    assert "new.db" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
