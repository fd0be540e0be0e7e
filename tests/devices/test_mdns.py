"""The announcer on the network of this machine, found by another's resolver, and beside other responders."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from ipaddress import ip_interface
from types import SimpleNamespace
from typing import Any

import pytest
from zeroconf import IPVersion, ServiceInfo, ServiceStateChange
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from devices.mdns import Announcer, announcing, machine_name
from devices.mdns_links import GROUPS, PORT, Found, Link, interfaces, reachable
from devices.mdns_wire import ANY, A, Packet, Question, decode, encode
from devices.mdns_zone import Service
from tests.devices.stub import in_loop, until
from tests.support import Server, request, wait_until

TELLTALE = "_telltale._tcp.local."
QUICK = 0.3


@pytest.fixture(scope="module")
def net() -> Found:
    """One interface with multicast, by IPv4."""
    for key, networks in reachable(interfaces(), "", [4]).items():
        one = Link(*key, networks)
        if one.open():
            one.close()
            return {key: networks[:1]}
    pytest.skip("this machine has no network but loopback")


@pytest.fixture
def name() -> str:
    """A host that no one else has; other tests run at the same time."""
    return f"tt-{random.getrandbits(48):x}"


def address(net: Found) -> str:
    return str(next(iter(net.values()))[0].ip)


def announcer(name: str, net: Found, port: int = 8080, **options: Any) -> Announcer:
    service = Service(name, port, ("_telltale._tcp", "_http._tcp"), ("path=/",))
    return Announcer(service, "", [4, 6], **({"look": lambda: net, "look_every": QUICK} | options))


@contextlib.asynccontextmanager
async def running(*all_of_them: Announcer) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(one.run()) for one in all_of_them]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def resolver(net: Found, version: IPVersion = IPVersion.V4Only) -> AsyncIterator[AsyncZeroconf]:
    one = AsyncZeroconf(interfaces=[address(net)], ip_version=version)
    try:
        yield one
    finally:
        await one.async_close()


async def looked_up(one: AsyncZeroconf, instance: str, kind: str = TELLTALE) -> AsyncServiceInfo | None:
    info = AsyncServiceInfo(kind, f"{instance}.{kind}")
    return info if await info.async_request(one.zeroconf, 15_000) else None


# as a whole


@pytest.fixture
def browsed(net: Found) -> Iterator[tuple[set[str], Callable[[str], Any]]]:
    """Names that are there now, and a look at one; in a thread of the resolver's own."""
    from zeroconf import ServiceBrowser, Zeroconf

    one = Zeroconf(interfaces=[address(net)], ip_version=IPVersion.V4Only)
    there: set[str] = set()

    def changed(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        (there.discard if state_change is ServiceStateChange.Removed else there.add)(name)

    browser = ServiceBrowser(one, [TELLTALE, "_http._tcp.local."], handlers=[changed])
    yield there, lambda name: one.get_service_info(name.partition(".")[2], name)
    browser.cancel()
    one.close()


def test_a_server_is_found_by_name_and_gone_when_it_stops(
    server: Callable[..., Server], net: Found, name: str, browsed: tuple[set[str], Callable[[str], Any]]
) -> None:
    """What is found is enough to use it: host, port, path; and the server takes that host name."""
    there, look = browsed
    one = server({"server.address": "0.0.0.0", "server.mdns_name": name})
    wait_until(lambda: {f"Telltale on {name}.{kind}" for kind in (TELLTALE, "_http._tcp.local.")} <= there, 20, "it")
    info = look(f"Telltale on {name}.{TELLTALE}")
    assert (info.server, info.port) == (f"{name}.local.", one.port)
    assert info.parsed_addresses() == [address(net)]
    assert info.properties == {b"txtvers": b"1", b"path": b"/", b"ws": b"/ws/device", b"tls": b"0"}
    found = request("GET", f"http://{address(net)}:{info.port}/healthz", headers={"Host": f"{name}.local:{info.port}"})
    assert found.status == 200
    assert f"http://{name}.local:{one.port}/" in one.out()
    assert one.stop() == 0
    wait_until(lambda: not [instance for instance in there if name in instance], 20, "its goodbye")


def test_a_server_without_a_network_serves_as_ever(server: Callable[..., Server], name: str) -> None:
    """In a network namespace of its own there is nothing but loopback, and that is down."""
    alone = ["unshare", "--net", "--map-root-user"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine allows no network namespace")
    one = server(
        {"server.address": "0.0.0.0", "server.mdns_name": name},
        wrap=alone,
    )
    assert one.running
    assert one.stop() == 0


# beside others


@in_loop
async def test_another_machine_keeps_its_name_and_we_take_the_next(net: Found, name: str) -> None:
    """Before we are announced, and after."""
    taken = ServiceInfo(
        TELLTALE, f"Telltale on {name}.{TELLTALE}", port=99, server=f"{name}.local.",
        parsed_addresses=["203.0.113.9"],
    )  # fmt: skip
    async with resolver(net) as other:
        await (await other.async_register_service(taken))
        one = announcer(name, net)
        async with running(one):
            await until(lambda: one.claimed, 20)
            assert one.service.host == (f"{name}-2".encode(), b"local")
            assert one.service.label == f"Telltale on {name} (2)".encode()
            async with resolver(net) as asker:
                info = await looked_up(asker, f"Telltale on {name} (2)")
                assert info is not None
                assert (info.server, info.port) == (f"{name}-2.local.", 8080)
                assert info.parsed_addresses() == [address(net)]
            later = ServiceInfo(
                TELLTALE, f"Else.{TELLTALE}", port=98, server=f"{name}-2.local.", parsed_addresses=["203.0.113.8"]
            )
            await (await other.async_register_service(later, cooperating_responders=True))
            await until(lambda: one.claimed and one.service.host_number == 3, 20)


@in_loop
async def test_two_servers_of_one_machine_share_its_name(net: Found, name: str) -> None:
    """The one that came first answers for the host; when it goes, the other does."""
    first, second = announcer(name, net, 8080), announcer(name, net, 8081)
    async with running(second):
        async with running(first):
            await until(lambda: first.claimed and second.claimed, 20)
            await until(lambda: first.hosted != second.hosted, 20)
            assert {first.service.host, second.service.host} == {(name.encode(), b"local")}
            # 1 and 2, or above where a slow machine hears itself late and takes that for another
            assert first.service.instance_number != second.service.instance_number
            async with resolver(net) as asker:
                for one in (first, second):
                    info = await looked_up(asker, one.service.label.decode())
                    assert info is not None
                    assert (info.port, info.parsed_addresses()) == (one.service.port, [address(net)])
        await until(lambda: second.hosted and second.claimed, 20)
        async with resolver(net) as asker:
            info = await looked_up(asker, second.service.label.decode())
            assert info is not None
            assert info.parsed_addresses() == [address(net)]


# the network changes, or is not there


@in_loop
async def test_new_addresses_are_announced(net: Found, name: str) -> None:
    (key, networks), *_ = net.items()
    found: Found = {}
    one = announcer(name, net, look=lambda: found)
    async with running(one):
        await asyncio.sleep(0)
        found[key] = networks
        await until(lambda: one.claimed, 20)
        found[key] = (*networks, ip_interface("203.0.113.77/24"))
        async with resolver(net) as asker:
            async with asyncio.timeout(20):
                while True:
                    await asyncio.sleep(0.05)  # what the resolver knows already it gives without a pause
                    info = await looked_up(asker, f"Telltale on {name}")
                    if info is not None and set(info.parsed_addresses()) == {address(net), "203.0.113.77"}:
                        break


@in_loop
async def test_a_look_that_fails_is_logged_once_and_tried_again(
    net: Found, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    failures = 3

    def look() -> Found:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise OSError("no such network")
        return net

    one = announcer(name, net, look=look, look_every=0.05)
    with caplog.at_level(logging.INFO, "devices.mdns"):
        async with running(one):
            await until(lambda: one.claimed, 20)
    assert [entry.levelname for entry in caplog.records if "not announced" in entry.message] == ["WARNING"]


@in_loop
async def test_an_interface_that_refuses_is_no_trouble(name: str) -> None:
    looks = 0

    def look() -> Found:
        nonlocal looks
        looks += 1
        return {("gone9", 4_242): (ip_interface("203.0.113.77/24"),)}

    one = announcer(name, {}, look=look, look_every=0.05)
    async with running(one):
        await until(lambda: looks > 3, 20)
        assert not one.claimed


# strangers


def plain_client(net: Found) -> socket.socket:
    """Not a responder: it has a port of its own, and expects the answer there."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address(net)))
    one.bind((address(net), 0))
    one.setblocking(False)
    return one


@in_loop
async def test_a_plain_dns_client_is_answered_through_any_noise(net: Found, name: str) -> None:
    loop = asyncio.get_running_loop()
    rng = random.Random(7)
    question = encode(Packet(False, [Question((name.upper().encode(), b"local"), A)], id=77))
    one = announcer(name, net)
    async with running(one):
        await until(lambda: one.claimed, 20)
        with plain_client(net) as client:
            for _ in range(300):
                noise = bytearray(question)
                noise[rng.randrange(len(noise))] = rng.randrange(256)
                await loop.sock_sendto(client, bytes(noise[: rng.randrange(1, len(noise))]), (GROUPS[4], PORT))
                await loop.sock_sendto(client, rng.randbytes(40), (GROUPS[4], PORT))
            async with asyncio.timeout(20):
                while True:  # the noise may have been a flood: a later second has room
                    await loop.sock_sendto(client, question, (GROUPS[4], PORT))
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.3):
                            answer = decode(await loop.sock_recv(client, 9_000))
                            if answer.id == 77 and answer.answers:
                                break
    assert [socket.inet_ntoa(one.data) for one in answer.answers] == [address(net)]
    assert answer.questions[0].name == (name.upper().encode(), b"local")


@in_loop
async def test_a_flood_is_not_answered_in_full(net: Found, name: str) -> None:
    loop = asyncio.get_running_loop()
    one = announcer(name, net)
    question = encode(Packet(False, [Question((name.encode(), b"local"), ANY)], id=1))
    async with running(one):
        await until(lambda: one.claimed, 20)
        with plain_client(net) as client:
            for _ in range(1_000):
                await loop.sock_sendto(client, question, (GROUPS[4], PORT))
            (speaker,) = one._speakers.values()
            await until(lambda: speaker._second[1] >= 100, 20)
            answers = 0
            with contextlib.suppress(BlockingIOError):
                while client.recv(9_000):
                    answers += 1
    assert 0 < answers <= 150  # fifty in each second that the flood lasts


# who is announced


def server_settings(**changed: Any) -> Any:
    return SimpleNamespace(**{"mdns": True, "mdns_name": "", "address": "", "port": 8080, "tls_cert": None} | changed)


@pytest.mark.parametrize(
    "changed",
    [{"mdns": False}, {"address": "127.0.0.1"}, {"address": "::1"}, {"address": "localhost"}],
    ids=["off", "loopback", "loopback6", "name"],
)
def test_who_cannot_or_will_not_be_found_is_not_announced(changed: dict[str, Any]) -> None:
    assert list(announcing(server_settings(**changed), 8080)) == []


def announced(**changed: Any) -> Announcer:
    ((job, name),) = announcing(server_settings(**changed), 8081)
    assert name == "mdns"
    assert job.cr_frame is not None
    one: Announcer = job.cr_frame.f_locals["self"]
    job.close()
    return one


@pytest.mark.parametrize(
    ("changed", "families"),
    [({}, [4, 6]), ({"port": 0}, [4]), ({"address": "0.0.0.0"}, [4]), ({"address": "::"}, [6])],
    ids=["all", "any port", "IPv4", "IPv6"],
)
def test_addresses_are_those_that_the_server_listens_on(changed: dict[str, Any], families: list[int]) -> None:
    assert announced(**changed)._families == families


def test_tls_is_told_by_the_type() -> None:
    assert announced().service.types == ("_telltale._tcp", "_http._tcp")
    secure = announced(tls_cert="c.pem", mdns_name="boiler").service
    assert secure.types == ("_telltale._tcp", "_https._tcp")
    assert "tls=1" in secure.txt
    assert (secure.host, secure.port) == ((b"boiler", b"local"), 8081)


@pytest.mark.parametrize(
    ("machine", "expected"),
    [("pi", "pi"), ("pi.example.org", "pi"), ("Müllers Pi", "M-llers-Pi"), ("", "telltale"), ("a" * 64, "a" * 63)],
)
def test_the_machines_name_becomes_a_host_name(monkeypatch: pytest.MonkeyPatch, machine: str, expected: str) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: machine)
    assert machine_name() == expected
