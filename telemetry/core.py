"""The core in one place: what it consists of, and how its parts are put together.

``compose`` opens the database and builds everything on it; nothing runs until the caller starts the parts' tasks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from telemetry.accept import Gate
from telemetry.admission import Admission
from telemetry.auth import Accounts
from telemetry.clock import Clock
from telemetry.history import History
from telemetry.hub import Hub
from telemetry.identity import Principal, Role, Watchers
from telemetry.ingest import Pipeline
from telemetry.live import LiveSession
from telemetry.metrics import Metrics
from telemetry.presence import Presence
from telemetry.registry import Registry
from telemetry.replay import Replay
from telemetry.settings import Settings
from telemetry.store import state
from telemetry.store.db import Store
from telemetry.switchboard import Switchboard
from telemetry.tasks import Tasks


@dataclass(slots=True)
class Core:
    """The running core; ``demo`` means: loopback, no login. ``closing`` ends its key "server" when the server stops."""

    settings: Settings
    clock: Clock
    metrics: Metrics
    registry: Registry
    store: Store
    pipeline: Pipeline
    gate: Gate
    hub: Hub
    replay: Replay
    switchboard: Switchboard
    history: History
    accounts: Accounts
    admission: Admission
    presence: Presence
    tasks: Tasks
    closing: Watchers
    demo: bool = False

    def live_session(self, wake: Callable[[], None], principal: Principal) -> LiveSession:
        """A new dashboard session; ``wake`` is called when its mailbox has something to take."""
        operator = principal.role >= Role.OPERATOR
        parts = self.hub, self.replay, self.registry, self.metrics, self.tasks
        return LiveSession(*parts, wake, operator=operator)


async def compose(settings: Settings, *, demo: bool) -> Core:
    """Open the database and build the core on it; nothing runs yet. Raises StoreError."""
    store, registry, metrics, tasks = Store(settings.storage.path), Registry(), Metrics(), Tasks()
    await store.start()
    clock = Clock(await store.read(lambda connection: state.load(connection, registry)))
    hub = Hub(registry, clock, metrics, tick=settings.live.tick, seq=store.committed)
    storage, devices = settings.storage, settings.devices
    pipeline = Pipeline(
        store, registry, hub, clock, metrics, interval=storage.commit_interval, max_pending=storage.max_pending
    )
    replay = Replay(store, registry, pipeline, clock, resume_ms=int(settings.live.resume * 1000))
    accounts = Accounts(store, clock)
    await accounts.load()
    admission = Admission(devices.admission, accounts, registry, clock, tasks, max_pending=devices.max_pending_devices)
    admission.on_change.append(hub.waiting_changed)
    gate = Gate(
        registry, clock, future_tolerance_ms=int(devices.future_tolerance * 1000), max_series=devices.max_series
    )
    switchboard = Switchboard()
    presence = Presence(registry, switchboard, hub, clock, offline_after=devices.offline_after)
    history = History(store, registry, pipeline, clock)
    return Core(
        settings=settings, clock=clock, metrics=metrics, registry=registry, store=store, pipeline=pipeline, gate=gate,
        hub=hub, replay=replay, switchboard=switchboard, history=history, accounts=accounts, admission=admission,
        presence=presence, tasks=tasks, closing=Watchers(), demo=demo,
    )  # fmt: skip
