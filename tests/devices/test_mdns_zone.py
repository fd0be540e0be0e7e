"""What is said, answered and yielded, message by message; no sockets."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from devices import mdns_zone as zone
from devices.mdns_wire import AAAA, ANY, NSEC, PTR, SRV, TXT, A, Packet, Question, Record, decode, encode, plain
from devices.mdns_zone import DIRECTORY, Conflict, Service

FOUR, SIX = ip_address("192.0.2.7"), ip_address("2001:db8::7")
PI = Service("pi", 8080, ("_telltale._tcp", "_http._tcp"), ("path=/", "tls=0"))
HOST = (b"pi", b"local")
TELLTALE = (b"_telltale", b"_tcp", b"local")
INSTANCE = (b"Telltale on pi", *TELLTALE)


def ask(name: tuple[bytes, ...], kind: int, known: list[Record] | None = None, **options: bool) -> zone.Reply | None:
    packet = decode(encode(Packet(False, [Question(name, kind)], known or [])))
    return zone.reply(PI, packet, [FOUR, SIX], hosted=options.get("hosted", True))


def kinds(found: zone.Reply | None) -> tuple[list[int], list[int]]:
    assert found is not None
    return sorted(one.type for one in found.answers), sorted(one.type for one in found.additionals)


def heard(*said: Record, response: bool = True) -> Packet:
    return Packet(True, (), said) if response else Packet(False, (), (), said)


def host(address: str, ttl: int = 120, name: tuple[bytes, ...] = HOST) -> Record:
    one = ip_address(address)
    return Record(name, A if one.version == 4 else AAAA, True, ttl, one.packed)


def test_a_service_is_found_with_all_that_is_needed_to_use_it() -> None:
    """One answer, and no further question."""
    found = ask(TELLTALE, PTR)
    assert kinds(found) == ([PTR], sorted([A, TXT, AAAA, SRV]))
    assert found is not None
    assert found.shared
    assert found.answers[0].data == plain(INSTANCE)
    srv = next(one for one in found.additionals if one.type == SRV)
    assert srv.data == b"\0\0\0\0\x1f\x90" + plain(HOST)
    assert next(one for one in found.additionals if one.type == TXT).data == b"\x06path=/\x05tls=0"


def test_both_types_are_in_the_directory() -> None:
    found = ask(DIRECTORY, PTR)
    assert found is not None
    assert {one.data for one in found.answers} == {plain(one) for one in PI.kinds()}
    assert found.additionals == []


def test_an_address_is_asked_for_in_any_case() -> None:
    found = ask((b"PI", b"LoCaL"), A)
    assert found is not None
    assert [one.data for one in found.answers] == [FOUR.packed]
    assert not found.shared
    assert found.answers[0].flush


def test_of_a_name_that_is_ours_all_is_known() -> None:
    """Who asks for an address that we do not have hears so, and does not wait."""
    only = zone.reply(PI, Packet(False, [Question(HOST, AAAA)]), [FOUR], hosted=True)
    assert only is not None
    assert [(one.type, one.data) for one in only.answers] == [(NSEC, plain(HOST) + bytes.fromhex("00 01 40"))]
    assert ask(INSTANCE, A) is not None


@pytest.mark.parametrize(
    ("name", "kind"),
    [((b"other", b"local"), A), ((b"_ipp", b"_tcp", b"local"), PTR), (TELLTALE, A), ((b"pi",), ANY)],
    ids=["host", "type", "kind", "short"],
)
def test_what_is_not_ours_is_not_answered(name: tuple[bytes, ...], kind: int) -> None:
    assert ask(name, kind) is None


def test_what_the_asker_knows_is_not_said_again_until_half_of_its_time_is_over() -> None:
    known = Record(TELLTALE, PTR, False, zone.OTHER_TTL // 2, plain(INSTANCE))
    assert ask(TELLTALE, PTR, [known]) is None
    assert ask(TELLTALE, PTR, [known._replace(ttl=known.ttl - 1)]) is not None
    assert ask(TELLTALE, PTR, [known._replace(data=plain((b"another", *TELLTALE)))]) is not None


def test_addresses_are_left_to_a_system_that_answers_for_them() -> None:
    assert ask(HOST, ANY, hosted=False) is None
    assert kinds(ask(TELLTALE, PTR, hosted=False)) == ([PTR], [TXT, SRV])
    assert HOST not in {one.name for one in zone.probe(PI, [FOUR], hosted=False).authorities}
    assert not [one for one in zone.goodbye(PI, [FOUR], hosted=False).answers if one.type == A]


def test_a_plain_client_gets_its_own_question_back_and_nothing_to_keep() -> None:
    query = Packet(False, [Question(HOST, A)], id=77)
    found = zone.reply(PI, query, [FOUR], hosted=True)
    assert found is not None
    answer = zone.legacy(query, found)
    assert (answer.id, answer.questions) == (77, query.questions)
    assert all(one.ttl <= zone.LEGACY_TTL and not one.flush for one in (*answer.answers, *answer.additionals))


def test_goodbye_takes_everything_back_but_the_directory() -> None:
    """Others may have services of the same types."""
    taken = zone.goodbye(PI, [FOUR], hosted=True).answers
    assert {one.ttl for one in taken} == {0}
    said = zone.announcement(PI, [FOUR], hosted=True).answers
    assert {one.key for one in said} - {one.key for one in taken} == {one.key for one in said if one.name == DIRECTORY}


def test_another_machine_with_our_host_name_is_a_conflict() -> None:
    machine = [FOUR, SIX]
    assert zone.conflict(PI, heard(host("192.0.2.9")), machine) == Conflict(host=True, instance=False)
    for fine in (
        host("192.0.2.7"),
        host("127.0.0.1"),
        host("192.0.2.9", ttl=0),
        host("192.0.2.9", name=(b"x", b"local")),
    ):
        assert zone.conflict(PI, heard(fine), machine) == Conflict(host=False, instance=False)
    assert not any(zone.conflict(PI, heard(host("192.0.2.9"), response=False), machine))


def test_another_service_with_our_name_is_a_conflict() -> None:
    mine = next(one for one in zone.records(PI, []) if one.type == SRV)
    assert not any(zone.conflict(PI, heard(mine), []))
    other = mine._replace(data=mine.data[:4] + b"\0\x50" + mine.data[6:])
    assert zone.conflict(PI, heard(other), []) == Conflict(host=False, instance=True)


def test_who_gives_way_takes_the_next_name() -> None:
    both = zone.renamed(zone.renamed(PI, Conflict(host=True, instance=True)), Conflict(host=True, instance=False))
    assert both.host == (b"pi-3", b"local")
    assert both.label == b"Telltale on pi (2)"
    long = zone.renamed(Service("a" * 63, 1, ()), Conflict(host=True, instance=True))
    assert {len(long.host[0]), len(long.label)} == {63}


def test_who_speaks_for_the_host_is_told_from_answers_and_probes() -> None:
    assert zone.speaks_for_host(PI, heard(host("192.0.2.7"))) is True
    assert zone.speaks_for_host(PI, heard(host("192.0.2.7"), response=False)) is True
    assert zone.speaks_for_host(PI, heard(host("192.0.2.7", ttl=0))) is False
    assert zone.speaks_for_host(PI, heard(host("192.0.2.7", name=(b"x", b"local")))) is None
    assert zone.speaks_for_host(PI, heard(Record(HOST, A, True, 9, b"broken"))) is None


def test_everything_fits_into_one_datagram() -> None:
    """1,472 bytes are left of an Ethernet frame."""
    longest = Service("n" * 60, 65535, ("_telltale._tcp", "_https._tcp"), PI.txt)
    addresses = [ip_address(f"192.0.2.{n}") for n in range(4)] + [ip_address(f"2001:db8::{n}") for n in range(4)]
    assert len(encode(zone.announcement(longest, addresses, hosted=True))) < 1_472
