"""Failed logins, bounded per address and per account; in memory, on the monotonic clock.

Each address may fail BURST times and then once per REFILL seconds, so guessing is slow. All addresses together may
fail at one account more often: enough that guessing from many is slow too. Neither locks the owner out: attempts that
an address's bucket refuses are not counted against the account, and an address from which its owner has logged in
before does not wait for the account. Codes of a second factor have a bucket of their own: only who knows the password
can empty it.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable

from telemetry.clock import monotonic

ADDRESS_BURST, ADDRESS_REFILL = 10, 30.0
ACCOUNT_BURST, ACCOUNT_REFILL = 100, 5.0
CODE_BURST, CODE_REFILL = 20, 300.0
"""At this rate, a code of 6 digits of which 3 fit is found in a year with a probability of about 0.27."""
MAX_KEYS = 4096


class _Buckets:
    """Token buckets by key, the least recently used forgotten beyond MAX_KEYS."""

    def __init__(self, burst: int, refill: float) -> None:
        self._burst = burst
        self._refill = refill
        self._used: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, key: str, now: float) -> float:
        """Seconds until an attempt is allowed; 0 if it is."""
        return max(0.0, (self._level(key, now) + 1 - self._burst) * self._refill)

    def change(self, key: str, now: float, by: int) -> None:
        """Count attempts (or, negative, take some back)."""
        self._used[key] = (max(0.0, self._level(key, now) + by), now)
        self._used.move_to_end(key)
        if len(self._used) > MAX_KEYS:
            self._used.popitem(last=False)

    def _level(self, key: str, now: float) -> float:
        used, since = self._used.get(key, (0.0, now))
        return max(0.0, used - (now - since) / self._refill)


class Throttle:
    """Decides whether a password or a code may be tried."""

    def __init__(self, mono: Callable[[], float] = monotonic) -> None:
        self._mono = mono
        self._addresses = _Buckets(ADDRESS_BURST, ADDRESS_REFILL)
        self._accounts = _Buckets(ACCOUNT_BURST, ACCOUNT_REFILL)
        self._codes = _Buckets(CODE_BURST, CODE_REFILL)
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def attempt(self, address: str, account: str) -> float:
        """Count an attempt; 0 if it may go on, else the seconds to wait (and it is not counted)."""
        now, network = self._mono(), network_of(address)
        known = (account, network) in self._known
        wait = self._addresses.wait(network, now) or (0.0 if known else self._accounts.wait(account, now))
        if not wait:
            self._addresses.change(network, now, 1)
            self._accounts.change(account, now, 0 if known else 1)
        return wait

    def take_back(self, address: str, account: str) -> None:
        """Uncount an attempt: the password was right, or was not looked at."""
        now, network = self._mono(), network_of(address)
        self._addresses.change(network, now, -1)
        if (account, network) not in self._known:
            self._accounts.change(account, now, -1)

    def attempt_code(self, address: str, account: str) -> float:
        """As ``attempt``, for a code of the second factor."""
        now, network = self._mono(), network_of(address)
        wait = self._addresses.wait(network, now) or self._codes.wait(account, now)
        if not wait:
            self._addresses.change(network, now, 1)
            self._codes.change(account, now, 1)
        return wait

    def take_back_code(self, address: str, account: str) -> None:
        """As ``take_back``, for a code."""
        now = self._mono()
        self._addresses.change(network_of(address), now, -1)
        self._codes.change(account, now, -1)

    def know(self, address: str, account: str) -> None:
        """The owner of this account has logged in from this address."""
        key = (account, network_of(address))
        self._known[key] = None
        self._known.move_to_end(key)
        if len(self._known) > MAX_KEYS:
            self._known.popitem(last=False)


def network_of(address: str) -> str:
    """One key per network that a single subscriber holds: an IPv4 address, an IPv6 /64."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if ip.version == 4:
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
