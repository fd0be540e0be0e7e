"""Arenas: what threads allocated and freed goes back, instead of staying with each of them."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys, threading
from pathlib import Path
from telemetry.memory import share_arenas
if sys.argv[1] == "shared":
    share_arenas()
barrier = threading.Barrier(16)
def work():
    kept = [bytearray(50_000) for _ in range(400)]
    barrier.wait()
    del kept[:-1]
    barrier.wait()
threads = [threading.Thread(target=work) for _ in range(16)]
for one in threads: one.start()
for one in threads: one.join()
# an arena is a mapping without a name at a multiple of 64 MiB
starts = [line.split("-")[0] for line in Path("/proc/self/maps").read_text().splitlines() if len(line.split()) == 5]
print(sum(int(start, 16) % (64 << 20) == 0 for start in starts))
"""


def heaps(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_threads_share_their_arenas() -> None:
    assert heaps("shared") < heaps("apart")


COLLECTIONS = """
import gc, sys
from telemetry.memory import collect_less
if sys.argv[1] == "less":
    collect_less()
began = sum(one["collections"] for one in gc.get_stats())
kept = [(n, str(n)) for n in range(200_000)]
print(sum(one["collections"] for one in gc.get_stats()) - began)
"""


def collections(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", COLLECTIONS, how], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_readings_that_wait_are_gone_through_ten_times_less_often() -> None:
    assert collections("less") * 10 < collections("as it comes")
