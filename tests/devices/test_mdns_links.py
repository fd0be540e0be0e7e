"""Interfaces and their sockets, as this machine has them."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_interface

import pytest

from devices.mdns_links import LINKS_MAX, PORT, Found, Link, Links, interfaces, reachable

ETH: tuple[str, int] = ("eth9", 9)
FOUND: Found = {
    ETH: tuple(map(ip_interface, ("192.0.2.7/24", "2001:db8::7/64", "fe80::7/64"))),
    ("wlan9", 10): (ip_interface("fe80::8/64"),),
}


def addresses(found: Found) -> dict[str, list[str]]:
    return {name: [str(one.ip) for one in given] for (name, _), given in found.items()}


@pytest.fixture
def link() -> Link:
    """One that can be opened."""
    for key, networks in interfaces().items():
        one = Link(*key, networks)
        if one.open():
            return one
    pytest.skip("this machine has no network but loopback")


def test_loopback_is_no_network() -> None:
    given = [one for networks in interfaces().values() for one in networks]
    assert not [one for one in given if one.ip.is_loopback]
    assert all(index > 0 for _, index in interfaces())


def test_addresses_of_one_link_alone_are_told_only_where_there_are_no_others() -> None:
    assert addresses(reachable(FOUND, "", [4, 6])) == {"eth9": ["192.0.2.7", "2001:db8::7"], "wlan9": ["fe80::8"]}
    assert addresses(reachable(FOUND, "0.0.0.0", [4])) == {"eth9": ["192.0.2.7"]}
    assert addresses(reachable(FOUND, "::", [6]))["eth9"] == ["2001:db8::7"]


def test_a_server_on_one_address_is_told_there_alone() -> None:
    assert addresses(reachable(FOUND, "192.0.2.7", [4])) == {"eth9": ["192.0.2.7"]}
    assert reachable(FOUND, "192.0.2.8", [4]) == {}


def test_a_machine_full_of_interfaces_is_bounded() -> None:
    many = {(f"veth{n}", n): (ip_interface("192.0.2.7/24"),) for n in range(1, 500)}
    assert len(reachable(many, "", [4, 6])) == LINKS_MAX


def test_what_is_sent_to_this_machine_alone_stays_with_the_systems_responder(link: Link) -> None:
    """The socket hears the group, and nothing that was sent to our own address."""
    (version, one), *_ = link.sockets.items()
    assert ip_address(one.getsockname()[0].partition("%")[0]).is_multicast
    assert one.getsockname()[1] == PORT
    own = next(net.ip for net in link.networks if net.version == version)
    with socket.socket(one.family, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"to you alone", (str(own), PORT))
        link.send(b"to everyone")
        heard: list[bytes] = []
        one.settimeout(5)
        while b"to everyone" not in heard:
            heard.append(one.recvfrom(100)[0])
    link.close()
    assert b"to you alone" not in heard


def test_an_interface_that_refuses_is_left_out() -> None:
    """An address that this machine does not have cannot join."""
    one = Link("gone9", 4_242, (ip_interface("203.0.113.77/24"), ip_interface("2001:db8::77/64")))
    assert not one.open()
    assert one.sockets == {}


def test_only_neighbours_are_near() -> None:
    one = Link(*ETH, FOUND[ETH])
    assert all(one.near(ip_address(near)) for near in ("192.0.2.200", "2001:db8::1:1", "fe80::1", "169.254.1.1"))
    assert not any(one.near(ip_address(far)) for far in ("198.51.100.1", "2001:db8:1::1"))


def test_links_follow_the_interfaces(link: Link) -> None:
    """What stays is left alone; what changes is opened anew; what goes is closed."""
    link.close()
    key = (link.name, link.index)
    found: Found = {key: link.networks, ("gone9", 4_242): (ip_interface("203.0.113.77/24"),)}
    opened: list[str] = []
    closed: list[socket.socket] = []
    links = Links(lambda: found, lambda one, _version, _socket: opened.append(one.name), closed.append)
    assert links.refresh("", [4, 6])
    first, sockets = links.open, len(opened)
    assert [one.name for one in first] == [link.name]
    assert not links.refresh("", [4, 6])
    assert links.open == first
    assert closed == []
    found[key] = link.networks[:1]
    assert links.refresh("", [4, 6])
    assert len(closed) == sockets
    found.clear()
    assert not links.refresh("", [4, 6])
    assert links.open == []
    assert len(closed) == len(opened)
    assert all(one.fileno() == -1 for one in closed)
