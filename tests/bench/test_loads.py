"""The counting of the load generator: bytes as they come from the kernel, cut anywhere."""

import socket

import pytest

from bench import loads
from bench.wire import Refused


def test_merged_and_single_acks_are_counted_however_they_are_cut() -> None:
    stream = b'\x81\x40{"hello":{"time":1700000000000,"last_id":7000000009}}\x81\x10{"ack":7000000001}'
    stream += b'\x81\x7d{"ack": [7000000002, 7000000003,7000000004]}'
    for cut in range(1, len(stream)):
        ours, theirs = socket.socketpair()
        with ours, theirs:
            sender = loads.Sender(ours, memoryview(b"x" * 4), 1, 4)
            for part in (stream[:cut], stream[cut:]):
                theirs.sendall(part)
                sender.pull()
            assert (sender.acked, sender.done) == (4, True)


def test_no_more_than_the_window_is_in_flight() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = loads.Sender(ours, memoryview(b"abcdefgh"), 2, 3)
        sender.push()
        assert theirs.recv(100) == b"abcdef"
        sender.acked = 1
        sender.push()
        assert theirs.recv(100) == b"gh"


def test_an_error_of_the_server_ends_the_run() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b'\x81\x20{"error":{"code":"try_later","id":7000000001}}')
        with pytest.raises(Refused, match="try_later"):
            loads.Sender(ours, memoryview(b""), 1, 1).pull()


def test_each_number_gets_the_time_of_the_chunk_that_completed_it() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        heard = loads.Heard(ours)
        for part in (b'["a/t",1,7000000000.25],["a/t",2,70000', b"00001.25]", b' ["b",3,7000000002.25]'):
            theirs.sendall(part)
            heard.receive()
    assert list(heard.found(loads.NUMBER)) == [(n, heard.times[n]) for n in range(3)]
