"""Pushes and remote writes of Prometheus."""

from __future__ import annotations

import base64

import pytest

from devices.ecosystems.base import Request
from devices.ecosystems.prometheus import Prometheus
from telemetry.decoded import Decoded
from telemetry.model import Reason, Refusal
from tests.devices.codecs.test_remote_write import label, sample, series
from tests.devices.codecs.test_snappy import literal, size

T = 1_741_169_000_123


def push(path: str, body: str = "up 1\n", owner: str | None = None, method: str = "POST", kind: str = "") -> object:
    return Prometheus().request(Request(method, path, body.encode(), T, {}, {"content-type": kind}, owner))


def names(found: object) -> list[tuple[str, str]]:
    assert isinstance(found, Decoded), found
    return [one[:2] for one in found.samples]


def coded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("path", "owner", "found"),
    [
        ("job/a", None, ("a", "up")),
        ("job/a/", None, ("a", "up")),
        ("job/a/instance/b", None, ("b", "up")),
        ("job/a/room/x/floor/2", None, ("a", "up{floor=2,room=x}")),
        (f"job@base64/{coded('a/b')}", None, ("a/b", "up")),
        (f"job/a/instance@base64/{coded('ö/?>')}", None, ("ö/?>", "up")),
        ("job/a/room@base64/=", None, ("a", "up")),
        ("job/a", "pi", ("pi", "up{job=a}")),
        ("job/pi", "pi", ("pi", "up")),
        ("job/a/instance/b", "pi", ("b", "up")),
    ],
)
def test_the_path_groups(path: str, owner: str | None, found: tuple[str, str]) -> None:
    assert names(push(f"/metrics/{path}", owner=owner)) == [found]


def test_labels_of_the_path_win() -> None:
    found = push("/metrics/job/a/room/x", 'up{room="y",job="z",instance="i"} 1')
    assert names(found) == [("i", "up{room=x}")]


@pytest.mark.parametrize(
    "path", ["job/a/room", "job/a/room/x/y", "job/a/room/x/room/y", "job/a/b@base64/%%", "job@base64/="]
)
def test_a_path_that_does_not_group_is_refused(path: str) -> None:
    assert isinstance(push(f"/metrics/{path}"), Refusal)


@pytest.mark.parametrize("path", ["/metrics", "/metrics/jobs/a", "/api/v1/query", "/"])
def test_other_addresses_are_not_its_own(path: str) -> None:
    assert push(path) is None


def test_bad_lines_are_reported_and_buckets_left_out() -> None:
    found = push("/metrics/job/a", 'up 1\nup one\nrtt_bucket{le="1"} 5\nrtt_sum 2\nold 1 5\n')
    assert names(found) == [("a", "up"), ("a", "rtt_sum")]
    assert isinstance(found, Decoded)
    assert [(part.line, part.code) for part in found.bad] == [(2, Reason.BAD_VALUE), (5, Reason.BAD_TIME)]
    assert found.lines == [1, 4]


def test_delete_takes_nothing_away_and_protobuf_is_refused() -> None:
    assert push("/metrics/job/a", "", method="DELETE") == Decoded()
    assert isinstance(push("/metrics/job/a", kind="application/vnd.google.protobuf"), Refusal)


def test_openmetrics_is_told_by_its_type() -> None:
    found = push("/metrics/job/a", "up 1 1741169000.123\n# EOF", kind="application/openmetrics-text; version=1.0.0")
    assert isinstance(found, Decoded)
    assert found.samples[0].ts == T


def write(message: bytes, kind: str = "application/x-protobuf") -> object:
    body = size(len(message)) + literal(message)
    return Prometheus().request(Request("POST", "/api/v1/write", body, T, {}, {"content-type": kind}))


def test_a_remote_write_keeps_what_is_good_of_it() -> None:
    good = series(
        label("__name__", "io_bytes_total"),
        label("instance", "pi:9100"),
        label("disk", "sda"),
        sample(5, T),
        sample(6, 7),
    )
    found = write(good + series(label("job", "nameless"), sample(1, T)))
    assert isinstance(found, Decoded)
    assert [tuple(one) for one in found.samples] == [("pi:9100", "io_bytes_total{disk=sda}", 5.0, T, "B")]
    assert [(part.line, part.code) for part in found.bad] == [(1, Reason.BAD_TIME), (2, Reason.BAD_VALUE)]


def test_what_is_no_remote_write_is_refused() -> None:
    assert isinstance(write(b"\xff"), Refusal)
    assert isinstance(
        write(series(label("__name__", "up")), "application/x-protobuf;proto=io.prometheus.write.v2.Request"), Refusal
    )
    assert isinstance(Prometheus().request(Request("POST", "/api/v1/write", b"plain", T)), Refusal)
