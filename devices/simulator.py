"""Devices without hardware, on the command line.

    python -m devices.simulator URL --devices 3 --interval 1 [--drop P] [--duplicate P] [--garbage P] [--skew MS]
    python -m devices.simulator replay FILE URL --speed 60|max

Drives any number of devices over WebSocket with believable values, or a recording, and prints one line of counts at
the end. Without ``--token`` or ``--tokens`` the server has to admit devices by name.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import sys
from collections import Counter
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from devices.client import DeviceClient
from devices.faults import Faults, FaultyClient
from devices.options import Options
from devices.outbox import Limits
from devices.replay import read, replay
from devices.scenario import Source, fleet
from telemetry.clock import monotonic, wall_ms
from telemetry.tasks import Tasks

PATIENCE = 15.0
"""Seconds that devices get at the end to hand over what they hold."""


def summary(clients: Sequence[DeviceClient], seconds: float) -> str:
    """One line: readings sent, acknowledged, refused by code and dropped, and how often sockets were made anew."""
    stats = [client.stats for client in clients]
    refused: Counter[str] = sum((one.refused for one in stats), Counter())
    errors: Counter[str] = sum((one.errors for one in stats), Counter())
    counts = {
        "devices": len(clients),
        "sent": sum(one.sent for one in stats),
        "acked": sum(one.acked for one in stats),
        "refused": sum(refused.values()),
        "dropped": sum(one.dropped for one in stats),
        "pending": sum(client.outbox.held for client in clients),
        "reconnects": sum(max(0, one.connects - 1) for one in stats),
        "seconds": round(seconds, 1),
    }
    codes = [
        f"{kind}.{code}={count}"
        for kind, found in (("refused", refused), ("error", errors))
        for code, count in sorted(found.items())
    ]
    return " ".join([f"{name}={value}" for name, value in counts.items()] + codes)


class Fleet:
    """Makes the clients as the command line says, and remembers them."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.clients: list[DeviceClient] = []
        self._args = args
        self._tokens = read_tokens(args.tokens) if args.tokens else {}
        self._faults = Faults(args.drop, args.duplicate, args.garbage, args.skew)

    def client(self, device: str) -> DeviceClient:
        """A client for one device, not started yet."""
        args = self._args
        if args.token and self.clients and not args.gateway:
            raise ValueError("--token is the token of one device: give --tokens FILE, or --gateway")
        token = args.token or self._tokens.get(device)
        if self._tokens and token is None:
            raise ValueError(f"{args.tokens} holds no token for {device}")
        client = FaultyClient(
            args.url,
            faults=self._faults,
            rng=Random(f"{args.seed}:{device}"),  # noqa: S311  faults that can be repeated
            token=token,
            device=device,
            options=Options(Limits(args.window, args.batch), cbor=args.cbor),
        )
        self.clients.append(client)
        return client


def read_tokens(path: Path) -> dict[str, str]:
    """Tokens by device from the lines that ``server.py device add`` prints."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return {row["device"]: row["token"] for row in rows}


async def simulate(args: argparse.Namespace, crew: Fleet) -> None:
    """Run the devices until the time is over."""
    count = args.devices or (1 if args.token and not args.gateway else 3)
    sources = fleet(count, args.seed)
    async with contextlib.AsyncExitStack() as stack:
        if args.gateway:
            gateway = await stack.enter_async_context(crew.client("gateway"))
            clients = dict.fromkeys(sources, gateway)
        else:
            clients = {name: await stack.enter_async_context(crew.client(name)) for name in sources}
        runs = [_device(clients[name], name, source, args) for name, source in sources.items()]
        tasks = Tasks()
        try:
            await asyncio.gather(*[tasks.start(run, "device") for run in runs])
        finally:
            await tasks.close()
        # side by side: each may have a server to wait for
        await asyncio.gather(*[client.close(PATIENCE) for client in crew.clients])


async def _device(client: DeviceClient, name: str, source: Source, args: argparse.Namespace) -> None:
    """Send one device's values every interval. Devices do not start in step."""
    rng = Random(f"{args.seed}:{name}")  # noqa: S311  spread, not a secret
    end = monotonic() + args.seconds if args.seconds else None
    await asyncio.sleep(rng.uniform(0, args.interval))
    while end is None or monotonic() < end:
        if (values := source.at(wall_ms())) is not None:
            await client.put(values, device=name if args.gateway else None)
        await asyncio.sleep(args.interval)


async def _until_stopped(work: Coroutine[Any, Any, object], crew: Fleet) -> None:
    """Run to the end or to a signal, then print the summary. Raises what the work raises."""
    began = monotonic()
    loop = asyncio.get_running_loop()
    if (me := asyncio.current_task()) is not None:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, me.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work
    print(summary(crew.clients, monotonic() - began), flush=True)


def _speed(text: str) -> float:
    speed = 0.0 if text == "max" else float(text)
    if speed < 0 or (speed == 0 and text != "max"):
        raise ValueError
    return speed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devices.simulator", description="Simulated devices.")
    parser.add_argument("--devices", type=int, metavar="N", help="how many (default 3; 1 with the token of one device)")
    parser.set_defaults(window=64)
    parser.add_argument("--interval", type=float, default=1.0, metavar="S", help="seconds between readings (default 1)")
    parser.add_argument("--seconds", type=float, metavar="S", help="stop after so long (default: at Ctrl-C)")
    _common(parser)
    return parser


def _replay_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m devices.simulator replay", description="Recorded devices.")
    parser.add_argument("file", type=Path, help="NDJSON or CSV, .gz too")
    parser.add_argument("--speed", type=_speed, default=1.0, metavar="X", help="times as fast as recorded, or max")
    parser.add_argument("--now", action="store_true", help="stamp readings when they are sent, not as recorded")
    # wide, so that the server's commit interval does not pace a replay at full speed
    parser.set_defaults(window=1_000)
    parser.add_argument("--device-field", metavar="NAME", help="the field that names the device")
    _common(parser)
    return parser


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", help="the server's address, such as http://pi.local:8080")
    parser.add_argument("--token", help="the token of one device, or of a gateway")
    parser.add_argument("--gateway", action="store_true", help="one socket speaks for all; --token is a gateway's")
    parser.add_argument("--tokens", type=Path, metavar="FILE", help="lines as `server.py device add` prints them")
    parser.add_argument("--batch", type=int, default=100, metavar="N", help="readings in an envelope (default 100)")
    parser.add_argument("--cbor", action="store_true", help="speak CBOR instead of JSON")
    parser.add_argument("--seed", default="0", help="the same seed gives the same values and faults")
    parser.add_argument("--drop", type=float, default=0.0, metavar="P", help="chance that a frame's socket is cut")
    parser.add_argument("--duplicate", type=float, default=0.0, metavar="P", help="chance that a frame is sent twice")
    parser.add_argument("--garbage", type=float, default=0.0, metavar="P", help="chance of a malformed frame before it")
    parser.add_argument("--skew", type=int, default=0, metavar="MS", help="clocks are wrong by up to so much")


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    recorded = words[:1] == ["replay"]
    parser = _replay_parser() if recorded else _parser()
    args = parser.parse_args(words[1:] if recorded else words)
    try:
        crew = Fleet(args)
        options: Mapping[str, Any] = {"speed": args.speed, "now": args.now, "gateway": args.gateway} if recorded else {}
        work: Coroutine[Any, Any, object] = (
            replay(read(args.file, args.device_field), crew.client, **options) if recorded else simulate(args, crew)
        )
        asyncio.run(_until_stopped(work, crew))
    except (OSError, ValueError) as error:
        parser.exit(2, f"{error}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
