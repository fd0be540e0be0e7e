"""A broker's socket as paho-mqtt sees it, with the fast lane beside it: messages in, their acknowledgements out.

paho reads a packet with three system calls and makes a dozen objects of it. So what is read here, 64 KiB at a time, is
looked through: a PUBLISH at QoS 0 or 1 is taken out, and all else (also what is malformed, or very large) is left to
paho, byte for byte and in order. PUBACKs are collected, and never written into the middle of a packet of paho's.

    PUBLISH: head, length of the rest (7 bits a byte), topic, packet id at QoS 1, properties in MQTT 5, payload
    PUBACK:  0x40 0x02, packet id            (MQTT 3.1.1 and 5, chapters 2.1, 3.3 and 3.4)
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress

from devices.mqtt_link import Arrived

RECEIVE = 65_536
LARGE = 1 << 20
"""Bytes of a packet that is paho's whatever it is: only whole ones are taken out, so they are buffered here."""
ALL = 1 << 62
"""What follows a malformed length: there is no telling where the next packet begins."""
ACKS_MAX = 65_535
"""Acknowledgements that can wait to be written: a packet id has two bytes, so no broker waits for more."""
QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""tcp(7) of Linux; it lasts until the kernel thinks otherwise."""
PUBLISH, QOS_2, DUPLICATE, QOS_1, RETAINED = 0x30, 0x04, 0x08, 0x02, 0x01


class Stream:
    """The socket, connected or about to. paho calls ``recv``, ``send`` and those below; the bridge the others."""

    def __init__(self, connection: socket.socket, *, five: bool) -> None:
        self._socket = connection
        self._properties = five
        self._quick = QUICKACK if connection.family in (socket.AF_INET, socket.AF_INET6) else None
        self._data = b""
        self._at = 0
        self._theirs = 0
        """Bytes from ``_at`` on that are paho's."""
        self._end: OSError | bool = False
        self._acks = bytearray()
        self._cut = 0
        """Bytes of a packet of paho's that are not written yet."""

    # the fast lane

    @property
    def left(self) -> bool:
        """Whether there is something for paho to read."""
        return (self._theirs > 0 and self._at < len(self._data)) or self._end is not False

    @property
    def unwritten(self) -> bool:
        """Whether acknowledgements wait for the socket."""
        return bool(self._acks)

    def fill(self) -> bool:
        """Read what is there; False if that is nothing. What ends the connection is left to paho."""
        try:
            data = self._socket.recv(RECEIVE)
        except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError as error:
            self._end = error
            return True
        if not data:
            self._end = True
        if self._quick is not None:
            # a broker that does not set TCP_NODELAY (Mosquitto) sends the next message when TCP has confirmed this one
            with suppress(OSError):
                self._socket.setsockopt(socket.IPPROTO_TCP, self._quick, 1)
        self._data = self._data[self._at :] + data if self._at < len(self._data) else data
        self._at = 0
        return True

    def messages(self, generation: int) -> Iterator[Arrived]:
        """What is there whole, up to the next packet that is paho's. May be given up at any message."""
        while not self._theirs:
            data, at = self._data, self._at
            have = len(data) - at
            if have < 2:
                return
            head, size, start = data[at], data[at + 1], at + 2
            if size & 0x80:
                size &= 0x7F
                shift = 7
                while True:
                    if start >= len(data):
                        return
                    more = data[start]
                    start += 1
                    size |= (more & 0x7F) << shift
                    if not more & 0x80:
                        break
                    shift += 7
                    if shift > 21:  # malformed
                        self._theirs = ALL
                        return
            if head & 0xF0 != PUBLISH or head & QOS_2 or size > LARGE:
                self._theirs = start - at + size
                return
            end = start + size
            if end > len(data):
                return
            found = self._published(data, head, start, end, generation)
            if found is None:
                self._theirs = end - at
                return
            self._at = end
            yield found

    def _published(self, data: bytes, head: int, at: int, end: int, generation: int) -> Arrived | None:
        """The message between two places; None if it is malformed."""
        name = at + 2
        at = name + (data[at] << 8 | data[at + 1]) if name <= end else end + 1
        mid, rest = 0, at + (2 if head & QOS_1 else 0)
        if rest > end or at == name:
            return None
        if head & QOS_1:
            mid = data[at] << 8 | data[at + 1]
            if not mid:
                return None
        if self._properties:
            if rest >= end or data[rest] & 0x80:
                return None
            rest += 1 + data[rest]
            if rest > end:
                return None
        try:
            topic = data[name:at].decode()
        except UnicodeDecodeError:
            topic = ""
        return Arrived(topic, data[rest:end], bool(head & RETAINED), bool(head & DUPLICATE), generation, mid)

    def acknowledge(self, mid: int) -> bool:
        """Have a PUBACK written by the next ``flush``; whether it is the first that waits."""
        acks = self._acks
        if len(acks) >= 4 * ACKS_MAX:
            self._end = OSError("the broker reads no acknowledgements")
            return False
        first = not acks
        acks += b"\x40\x02" + mid.to_bytes(2)
        return first

    def flush(self) -> bool:
        """Write acknowledgements; False if they have to wait: for the socket, or for the rest of a packet of paho's."""
        acks = self._acks
        if self._cut:
            return not acks
        while acks:
            try:
                del acks[: self._socket.send(acks)]
            except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False
            except OSError:  # whoever reads meets the same error
                acks.clear()
        return True

    # what paho calls

    def recv(self, size: int) -> bytes:
        """Bytes of the packets that are paho's. Raises BlockingIOError while there are none, and what ended it."""
        if self._theirs and self._at < len(self._data):
            data = self._data[self._at : self._at + min(size, self._theirs)]
            self._at += len(data)
            self._theirs -= len(data)
            return data
        if self._end is False:
            raise BlockingIOError
        if self._end is True:
            return b""
        raise self._end

    def send(self, data: bytes | bytearray) -> int:
        """Bytes written of a packet. paho comes back with the rest. Raises OSError."""
        if not self._cut and not self.flush():
            raise BlockingIOError
        self._cut = len(data)
        sent = self._socket.send(data)
        self._cut -= sent
        return sent

    def close(self) -> None:
        """End it."""
        self._socket.close()

    def fileno(self) -> int:
        """For the event loop."""
        return self._socket.fileno()

    def setblocking(self, flag: bool) -> None:  # noqa: FBT001 - as a socket has it
        """As a socket does."""
        self._socket.setblocking(flag)

    def settimeout(self, seconds: float | None) -> None:
        """As a socket does."""
        self._socket.settimeout(seconds)

    def do_handshake(self) -> None:
        """TLS, if there is to be any. Raises OSError."""
        if isinstance(self._socket, ssl.SSLSocket):
            self._socket.do_handshake()


class Tap:
    """What paho is given as its TLS context, with TLS and without: what it wraps a socket in is a ``Stream``.

    paho-mqtt 2 has no other place where it takes a socket that was made elsewhere; of a context it uses what is here.
    """

    check_hostname = True
    """A context of ours checks it, and paho need not."""

    def __init__(self, context: ssl.SSLContext | None, *, five: bool) -> None:
        self._context = context
        self._five = five

    def wrap_socket(
        self, sock: socket.socket, *, server_hostname: str, do_handshake_on_connect: bool = False
    ) -> Stream:
        """The stream over a socket that is connected; ``do_handshake`` is still to come. Raises OSError."""
        # a question after acknowledgements would wait for the broker's TCP, which takes 40 ms over its own
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wrap: Callable[..., socket.socket] | None = None if self._context is None else self._context.wrap_socket
        if wrap is not None:
            sock = wrap(sock, server_hostname=server_hostname, do_handshake_on_connect=do_handshake_on_connect)
        return Stream(sock, five=self._five)
