"""Where the server's own requests may go: the judgement, and real requests with a resolver that lies."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator

import pytest
from tornado.httpclient import HTTPClientError, HTTPResponse

from devices import outgoing
from devices.outgoing import Found, Reach, Refused, client, listed
from tests.devices.stub import in_loop

NOWHERE = Reach()
SPECIAL = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
    "169.254.169.254", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:a9fe:a9fe::",
)  # fmt: skip
PUBLIC = ("1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::808:808")


@pytest.mark.parametrize("address", SPECIAL)
def test_a_name_leads_to_no_special_address(address: str) -> None:
    assert not NOWHERE.allows("hook.example", address)
    assert not NOWHERE.allows(address, address)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_name_leads_to_public_addresses(address: str) -> None:
    assert NOWHERE.allows("hook.example", address)
    assert NOWHERE.allows(address, address)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "169.254.1.7", "::1", "fd12::1", "fe80::1%eth0"])
def test_an_address_that_is_listed_is_meant(address: str) -> None:
    assert listed([address], lan=False).allows(address, address)
    assert not listed([address]).allows("other.example", address)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "224.0.0.1", "ff02::1"])
def test_what_is_no_machine_cannot_be_meant(address: str) -> None:
    assert not listed([address]).allows(address, address)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("192.168.1.20", True),
        ("100.101.102.103", True),
        ("fd12::20", True),
        ("1.1.1.1", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("169.254.169.254", False),
        ("fe80::20", False),
        ("0.0.0.0", False),
    ],
)
def test_a_name_that_is_listed_leads_to_the_local_network_but_not_home(address: str, allowed: bool) -> None:
    """Sensors have names on the local network; a name that suddenly means this machine is an attack."""
    assert listed(["Sensor.local"]).allows("sensor.local", address) is allowed
    assert listed(["sensor.local"]).allows("other.local", address) is (address == "1.1.1.1")


def test_localhost_is_meant_where_it_is_written() -> None:
    assert listed(["localhost"]).allows("localhost", "127.0.0.1")
    assert listed(["localhost"]).allows("localhost", "::1")
    assert not listed(["localhost"]).allows("localhost", "169.254.169.254")
    assert not NOWHERE.allows("localhost", "127.0.0.1")


class Target:
    """A server on loopback, and a resolver that says what it is told."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self.says: list[str] = []
        self.asked = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self.answer)
            await writer.drain()
            await reader.read()
        writer.close()

    async def look_up(self, host: str, port: int) -> Found:
        say = self.says[min(self.asked, len(self.says) - 1)]
        self.asked += 1
        return [(socket.AF_INET6 if ":" in one else socket.AF_INET, (one, port)) for one in say.split()]

    async def fetch(self, reach: Reach, host: str = "hook.example", answer: int = 4096) -> HTTPResponse:
        one = client(reach, answer, look_up=self.look_up if self.says else None)
        try:
            return await one.fetch(outgoing.request(f"http://{host}:{self.port}/", 1.0))
        finally:
            one.close()


@contextlib.asynccontextmanager
async def target(*answers: bytes) -> AsyncIterator[Target]:
    one = Target(*answers)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()


@in_loop
async def test_a_request_goes_to_what_is_listed() -> None:
    async with target() as one:
        assert (await one.fetch(listed(["127.0.0.1"]), "127.0.0.1")).body == b"ok"
        assert (await one.fetch(listed(["localhost"]), "localhost")).body == b"ok"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "0", "[::ffff:7f00:1]"])
def test_no_spelling_of_this_machine_is_let_through(host: str) -> None:
    @in_loop
    async def test() -> None:
        async with target() as one:
            for reach in (NOWHERE, listed(["sensor.local"])):
                with pytest.raises((OSError, ValueError)):
                    await one.fetch(reach, host)
            assert one.requests == []

    test()


@in_loop
async def test_a_name_that_leads_here_is_refused_whenever_it_does() -> None:
    """A resolver that first says something harmless, then this machine: each look-up is judged, and is the one used."""
    async with target() as one:
        one.says = ["127.0.0.1"]
        for reach in (NOWHERE, listed(["hook.example"])):
            with pytest.raises(Refused, match=r"hook\.example is 127\.0\.0\.1"):
                await one.fetch(reach)
        one.says, one.asked = ["192.0.2.1", "127.0.0.1"], 0
        for _ in range(2):
            with pytest.raises((OSError, HTTPClientError)):
                await one.fetch(listed(["hook.example"]))
        assert one.asked == 2
        assert one.requests == []


@in_loop
async def test_one_bad_address_beside_good_ones_is_left_out() -> None:
    async with target() as one:
        one.says = ["127.0.0.1 169.254.169.254 ::1"]
        resolver = outgoing.Judged(listed(["hook.example"]), look_up=one.look_up)
        with pytest.raises(Refused):
            await resolver.resolve("hook.example", 80)
        one.says = ["127.0.0.1 192.168.1.20 ::1 1.1.1.1"]
        found = await resolver.resolve("hook.example", 80)
        assert [address[0] for _, address in found] == ["192.168.1.20", "1.1.1.1"]


BAD: dict[str, bytes] = {
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    "too long": b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n" + b"x" * 10_000,
    "without end": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 100_000,
    "long headers": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
    "silent": b"",
}


@pytest.mark.parametrize("kind", BAD)
def test_answers_are_bounded_in_size_and_time_and_lead_nowhere(kind: str) -> None:
    @in_loop
    async def test() -> None:
        async with target(BAD[kind]) as one:
            began = time.monotonic()
            with pytest.raises((HTTPClientError, *outgoing.FAILURES)):
                await one.fetch(listed(["127.0.0.1"]), "127.0.0.1")
            assert time.monotonic() - began < 10
            assert len(one.requests) == 1

    test()


@in_loop
async def test_a_packed_answer_is_not_unpacked() -> None:
    import gzip

    body = gzip.compress(b"x" * 1_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    async with target(head + body) as one:
        assert (await one.fetch(listed(["127.0.0.1"]), "127.0.0.1")).body == body
