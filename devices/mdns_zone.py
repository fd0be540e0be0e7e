"""What a server says of itself by multicast DNS (RFC 6762) and DNS-SD (RFC 6763); no I/O.

A host ``NAME.local`` with its addresses, and for every service type a PTR to one instance with SRV and TXT. Records of
a ``Service`` differ from link to link in their addresses only. ``hosted`` says whether the addresses are ours to give:
where the system has a responder of its own (Avahi, mDNSResponder) that answers for the same name, they are left to it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from devices.mdns_wire import AAAA, ANY, NSEC, PTR, SRV, TXT, A, Name, Packet, Question, Record, bitmap, fold, plain

Address = IPv4Address | IPv6Address

LOCAL = b"local"
DIRECTORY: Name = (b"_services", b"_dns-sd", b"_udp", LOCAL)
"""Under which a browser finds the types that there are."""
HOST_TTL = 120
OTHER_TTL = 4500
"""Seconds: what holds a host's name or address, and all else (RFC 6762 section 10)."""
LEGACY_TTL = 10
"""Seconds that an answer to a plain DNS client may be kept."""
LABEL_MAX = 63


@dataclass(frozen=True, slots=True)
class Service:
    """A name as asked for, and how often each of its two parts had to give way to another's."""

    name: str
    port: int
    types: tuple[str, ...]
    txt: tuple[str, ...] = ()
    host_number: int = 1
    instance_number: int = 1

    @property
    def host(self) -> Name:
        """``NAME.local`` or, if another machine has that, ``NAME-2.local``."""
        tail = "" if self.host_number == 1 else f"-{self.host_number}"
        return ((self.name[: LABEL_MAX - len(tail)] + tail).encode(), LOCAL)

    @property
    def label(self) -> bytes:
        """What people see in a list of services."""
        tail = "" if self.instance_number == 1 else f" ({self.instance_number})"
        return (f"Telltale on {self.name}"[: LABEL_MAX - len(tail)] + tail).encode()

    def kinds(self) -> list[Name]:
        """The names of its types."""
        return [(*(part.encode() for part in one.split(".")), LOCAL) for one in self.types]

    def instances(self) -> list[Name]:
        """The names of its instances, one a type."""
        return [(self.label, *kind) for kind in self.kinds()]


class Reply(NamedTuple):
    """The answers to a query, and what spares the asker the next question."""

    answers: list[Record]
    additionals: list[Record]

    @property
    def shared(self) -> bool:
        """Others may answer too: everyone waits a moment of their own."""
        return any(not record.flush for record in self.answers)


class Conflict(NamedTuple):
    """Whose names another holds."""

    host: bool
    instance: bool


def records(service: Service, addresses: Sequence[Address], *, hosted: bool = True) -> list[Record]:
    """All that is said on a link, negative answers aside."""
    found = []
    txt = b"".join(bytes((len(one),)) + one for one in (text.encode() for text in service.txt)) or b"\0"
    srv = struct.pack("!3H", 0, 0, service.port) + plain(service.host)
    for kind, instance in zip(service.kinds(), service.instances(), strict=True):
        found += [
            Record(DIRECTORY, PTR, flush=False, ttl=OTHER_TTL, data=plain(kind)),
            Record(kind, PTR, flush=False, ttl=OTHER_TTL, data=plain(instance)),
            Record(instance, SRV, flush=True, ttl=HOST_TTL, data=srv),
            Record(instance, TXT, flush=True, ttl=OTHER_TTL, data=txt),
        ]
    return found + (hosts(service, addresses) if hosted else [])


def hosts(service: Service, addresses: Iterable[Address]) -> list[Record]:
    """The records of the host's name."""
    return [Record(service.host, A if one.version == 4 else AAAA, True, HOST_TTL, one.packed) for one in addresses]


def reply(service: Service, packet: Packet, addresses: Sequence[Address], *, hosted: bool) -> Reply | None:
    """What to answer to a query; None: it is not for us, or the asker knows it already."""
    ours = records(service, addresses, hosted=hosted)
    answers: dict[object, Record] = {}
    for question in packet.questions:
        for record in _answers(ours, question):
            answers.setdefault(record.key, record)
    for known in packet.answers:
        mine = answers.get(known.key)
        if mine is not None and known.ttl >= mine.ttl / 2:
            del answers[known.key]
    if not answers:
        return None
    more = {one.key: one for one in _additionals(service, ours, answers.values()) if one.key not in answers}
    return Reply(list(answers.values()), list(more.values()))


def _answers(ours: Sequence[Record], question: Question) -> list[Record]:
    name = fold(question.name)
    named = [one for one in ours if fold(one.name) == name]
    found = [one for one in named if question.type in (one.type, ANY)]
    # we hold all there is of this name: saying so spares the asker the wait for an answer that never comes
    return found if found or not any(one.flush for one in named) else _denial(named)


def _denial(named: Sequence[Record]) -> list[Record]:
    """The NSEC record that says which types a name has (RFC 6762 section 6.1)."""
    first = named[0]
    return [Record(first.name, NSEC, True, HOST_TTL, plain(first.name) + bitmap({one.type for one in named}))]


def _additionals(service: Service, ours: Sequence[Record], answers: Iterable[Record]) -> list[Record]:
    found = []
    host = [one for one in ours if one.name == service.host]
    for answer in answers:
        if answer.name == DIRECTORY:
            continue
        if answer.type == PTR:
            found += [one for one in ours if one.type in (SRV, TXT) and plain(one.name) == answer.data]
        if answer.type in (PTR, SRV):
            found += host
        if answer.name == service.host or answer.type == SRV:
            found += _denial(host) if host and len({one.type for one in host}) == 1 else []
    return found


def legacy(packet: Packet, found: Reply) -> Packet:
    """The answer to a plain DNS client: with its own question and number, and short-lived."""

    def brief(section: Iterable[Record]) -> list[Record]:
        return [one._replace(flush=False, ttl=min(one.ttl, LEGACY_TTL)) for one in section]

    return Packet(True, packet.questions, brief(found.answers), (), brief(found.additionals), packet.id)


def probe(service: Service, addresses: Sequence[Address], *, hosted: bool) -> Packet:
    """Asks whether anyone holds the names, and says what they would be."""
    wanted = [one for one in records(service, addresses, hosted=hosted) if one.flush]
    # the host is asked for in any case: whether the system still answers for it may have changed
    names = dict.fromkeys([*service.instances(), service.host])
    return Packet(False, [Question(name, ANY, unicast=False) for name in names], (), wanted)


def announcement(service: Service, addresses: Sequence[Address], *, hosted: bool) -> Packet:
    """Says everything, unasked."""
    return Packet(True, (), records(service, addresses, hosted=hosted))


def goodbye(service: Service, addresses: Sequence[Address], *, hosted: bool) -> Packet:
    """Takes everything back, but what others may say as well."""
    said = records(service, addresses, hosted=hosted)
    return Packet(True, (), [one._replace(ttl=0) for one in said if one.name != DIRECTORY])


def conflict(service: Service, packet: Packet, addresses: Iterable[Address]) -> Conflict:
    """Whether an answer of another contradicts ours; ``addresses`` are all that this machine has."""
    if not packet.response:
        return Conflict(host=False, instance=False)
    said = [one for one in (*packet.answers, *packet.additionals) if one.ttl]
    ours = {one.key for one in records(service, list(addresses))}
    instances = {fold(one) for one in service.instances()}
    return Conflict(
        host=any(_address_of(service, one) and one.key not in ours for one in said),
        instance=any(one.type == SRV and fold(one.name) in instances and one.key not in ours for one in said),
    )


def _address_of(service: Service, one: Record) -> bool:
    """Whether a record is an address of the host; Avahi gives 127.0.0.1 to those who ask on this machine."""
    if one.type not in (A, AAAA) or fold(one.name) != fold(service.host) or len(one.data) not in (4, 16):
        return False
    return not ip_address(one.data).is_loopback


def speaks_for_host(service: Service, packet: Packet) -> bool | None:
    """Whether a sender holds the host's name (True), gives it up (False), or does not speak of it."""
    told = [
        one.ttl > 0
        for section in (packet.answers if packet.response else packet.authorities, packet.additionals)
        for one in section
        if _address_of(service, one)
    ]
    return any(told) if told else None


def renamed(service: Service, found: Conflict) -> Service:
    """The service under the next free name."""
    return replace(
        service,
        host_number=service.host_number + found.host,
        instance_number=service.instance_number + found.instance,
    )
