"""Prometheus: what is pushed as to a Pushgateway, and remote write 1.0.

Sources: prometheus/pushgateway README ("API"), prometheus.io "Exposition formats" and "Remote-Write 1.0".
``POST`` or ``PUT /metrics/job/JOB{/LABEL/VALUE…}``, ``LABEL@base64`` for values with a slash; text as the exposition
format; labels of the path win. ``POST /api/v1/write``: snappy, protobuf. Device: instance, else the device of the
credential, else job. Metric: the name, other labels in braces. Buckets of histograms are left out: they are no
readings of a sensor, and sum and count are kept. ``DELETE`` is understood and takes nothing away.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from devices.codecs import exposition, remote_write, snappy
from devices.codecs.labels import labelled
from devices.ecosystems.base import Ecosystem, Outcome, Request, text_of
from telemetry.decoded import BadPart, Decoded, Sample
from telemetry.model import EARLIEST_TS, Reason, Refusal

WRITE = "/api/v1/write"
PUSH = "/metrics/job"
PLAIN_MAX = 8 << 20
"""Bytes of a remote write when unpacked; Prometheus sends some 100 KiB."""


class Prometheus(Ecosystem):
    """Exposition text and remote writes."""

    name = "prometheus"
    rank = 40

    def request(self, request: Request) -> Outcome:
        """A push or a remote write."""
        if request.path == WRITE and request.method == "POST":
            return _written(request)
        if request.path.startswith((PUSH + "/", PUSH + "@base64/")) and request.method in ("POST", "PUT", "DELETE"):
            return _pushed(request)
        return None


def _pushed(request: Request) -> Decoded | Refusal:
    grouping = _grouping(request.path.removeprefix("/metrics/"))
    if isinstance(grouping, Refusal):
        return grouping
    if request.method == "DELETE":
        return Decoded()
    if request.content_type == "application/vnd.google.protobuf":
        return Refusal(Reason.BAD_MESSAGE, "metrics are pushed as text here (text/plain; version=0.0.4)")
    text = text_of(request.body)
    if text is None:
        return Refusal(Reason.BAD_MESSAGE, "the body is not UTF-8")
    found = Decoded(strict=True)
    openmetrics = request.content_type == "application/openmetrics-text"
    for line, point in exposition.read(text, openmetrics=openmetrics):
        if isinstance(point, BadPart):
            found.bad.append(point)
        elif place := _place(point.name, point.labels | grouping, request.owner):
            found.samples.append(Sample(*place, point.value, point.ts, point.unit))
            found.lines.append(line)
    return found


def _written(request: Request) -> Decoded | Refusal:
    if "io.prometheus.write.v2" in request.headers.get("content-type", ""):
        return Refusal(Reason.BAD_MESSAGE, "remote write 2.0 is not taken: leave protobuf_message at its default")
    plain = snappy.unpack(request.body, PLAIN_MAX)
    if isinstance(plain, Refusal):
        return plain
    written = remote_write.read(plain)
    if isinstance(written, Refusal):
        return written
    found = Decoded(strict=True)
    for number, (labels, samples) in enumerate(written, 1):
        name = labels.pop("__name__", "")
        if not name:
            found.bad.append(BadPart(number, "the series has no __name__"))
        elif place := _place(name, labels, request.owner):
            unit = exposition.unit_of(name)
            good = [Sample(*place, value, ts, unit) for value, ts in samples if ts >= EARLIEST_TS]
            if len(good) < len(samples):
                found.bad.append(BadPart(number, "the time is before 2000", Reason.BAD_TIME))
            found.samples += good
            found.lines += [number] * len(good)
    return found


def _place(name: str, labels: Mapping[str, str], owner: str | None) -> tuple[str, str] | None:
    """Device and metric; None for a bucket."""
    if name.endswith("_bucket") and "le" in labels:
        return None
    job, instance = labels.get("job", ""), labels.get("instance", "")
    device = instance or owner or job or name
    kept = {key: value for key, value in labels.items() if value and key not in ("job", "instance")}
    if job and device == owner != job and not instance:
        kept["job"] = job
    return device, labelled(name, kept)


def _grouping(path: str) -> dict[str, str] | Refusal:
    """The labels of a path ``job/JOB/LABEL/VALUE…``."""
    parts = path.rstrip("/").split("/") if not path.endswith("@base64/") else path.split("/")
    if len(parts) % 2:
        return Refusal(Reason.BAD_MESSAGE, "the path is /metrics/job/JOB and pairs of /LABEL/VALUE")
    found: dict[str, str] = {}
    for key, value in zip(parts[::2], parts[1::2], strict=True):
        name = key.removesuffix("@base64")
        if name != key:
            try:
                coded = value.rstrip("=").encode()
                text = base64.b64decode(coded + b"=" * (-len(coded) % 4), altchars=b"-_", validate=True).decode()
            except (binascii.Error, ValueError):
                return Refusal(Reason.BAD_MESSAGE, f"{name} in the path is not base64url")
        else:
            text = value
        if name in found:
            return Refusal(Reason.BAD_MESSAGE, f"{name} comes twice in the path")
        found[name] = text
    return found if found.get("job") else Refusal(Reason.BAD_MESSAGE, "the job in the path is empty")
