"""The core in one place: what it consists of, and how its parts are put together.

``compose`` opens the database and builds everything on it; nothing runs until the caller starts the parts' tasks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from telemetry.accept import Gate
from telemetry.admission import Admission
from telemetry.annotations import Annotations
from telemetry.audit import Audit
from telemetry.auth import Accounts
from telemetry.backup import Backups
from telemetry.boards import Boards
from telemetry.clock import Clock
from telemetry.corrections import Corrections
from telemetry.damage import Damages, Opened, opened
from telemetry.frames import Frames
from telemetry.history import History
from telemetry.hub import Hub
from telemetry.identity import Principal, Role, Watchers
from telemetry.ingest import Pipeline
from telemetry.intake import Intake
from telemetry.labels import Labels
from telemetry.layouts import Layouts
from telemetry.live import LiveSession
from telemetry.maintenance import Maintenance
from telemetry.metrics import Metrics
from telemetry.presence import Presence
from telemetry.purging import Purging
from telemetry.registry import Registry
from telemetry.replay import Replay
from telemetry.retention import Rules
from telemetry.roles import Roles
from telemetry.roster import Roster
from telemetry.settings import Settings
from telemetry.storage import Storage
from telemetry.store.db import Store, StoreError
from telemetry.store.limits import limits
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
    maintenance: Maintenance
    rules: Rules
    purging: Purging
    storage: Storage
    damages: Damages
    backups: Backups
    annotations: Annotations
    corrections: Corrections
    roles: Roles
    labels: Labels
    layouts: Layouts
    boards: Boards
    audit: Audit
    accounts: Accounts
    admission: Admission
    presence: Presence
    intake: Intake
    frames: Frames
    roster: Roster
    tasks: Tasks
    closing: Watchers
    demo: bool = False
    bridges: list[Callable[[], dict[str, object]]] = field(default_factory=list)
    """What each MQTT bridge reports of itself."""
    pollers: Callable[[], list[dict[str, object]]] = list
    """How each device fares that is asked."""

    def live_session(self, wake: Callable[[], None], principal: Principal) -> LiveSession:
        """A new dashboard session; ``wake`` is called when its mailbox has something to take."""
        operator = principal.role >= Role.OPERATOR
        parts = self.hub, self.replay, self.registry, self.metrics, self.tasks
        return LiveSession(*parts, wake, operator=operator)


async def compose(settings: Settings, *, demo: bool) -> Core:
    """Open the database and build the core on it; nothing runs yet. Raises StoreError."""
    room = limits(settings.storage.quota)
    found = await opened(settings.storage.path, room)
    try:
        return await _composed(settings, found, demo=demo)
    except StoreError:
        await found.store.close()
        if found.store.broken is None:
            raise
    # damage that only shows where it is looked for: the file is replaced when it is opened again
    return await _composed(settings, await opened(settings.storage.path, room), demo=demo)


async def _composed(settings: Settings, found: Opened, *, demo: bool) -> Core:
    store, registry, newest = found
    metrics, tasks, clock = Metrics(), Tasks(), Clock(newest)
    hub = Hub(registry, clock, metrics, tick=settings.live.tick, seq=store.committed)
    storage, devices = settings.storage, settings.devices
    max_pending = min(storage.max_pending, store.bounds.limits.pending or storage.max_pending)
    pipeline = Pipeline(store, registry, hub, clock, metrics, interval=storage.commit_interval, max_pending=max_pending)
    replay = Replay(store, registry, pipeline, clock, resume_ms=int(settings.live.resume * 1000))
    audit = Audit(clock)
    accounts = Accounts(store, clock, audit)
    await accounts.load()
    admission = Admission(devices.admission, accounts, registry, clock, tasks, max_pending=devices.max_pending_devices)
    admission.on_change.append(hub.waiting_changed)
    gate = Gate(
        registry, clock, future_tolerance_ms=int(devices.future_tolerance * 1000), max_series=devices.max_series
    )
    switchboard = Switchboard()
    presence = Presence(registry, switchboard, hub, clock, offline_after=devices.offline_after)
    intake = Intake(
        registry, gate, pipeline, presence, clock, metrics,
        future_tolerance_ms=int(devices.future_tolerance * 1000),
    )  # fmt: skip
    history = History(store, registry, pipeline, clock)
    maintenance = Maintenance(store, pipeline, clock, metrics, hub.reached, resume_ms=int(settings.live.resume * 1000))
    rules = Rules(settings.retention)
    purging = Purging(store, registry, pipeline, maintenance, clock, rules)
    corrections = Corrections(store, registry, hub, pipeline, maintenance, clock)
    roles = Roles(store, registry, hub, pipeline, maintenance, corrections, clock)
    damages = Damages(store, registry, hub, clock, maintenance)
    await damages.load()
    return Core(
        settings=settings, clock=clock, metrics=metrics, registry=registry, store=store, pipeline=pipeline, gate=gate,
        hub=hub, replay=replay, switchboard=switchboard, history=history, maintenance=maintenance, damages=damages,
        backups=Backups(store, settings.backup), rules=rules, purging=purging,
        storage=Storage(store, maintenance, clock),
        annotations=Annotations(store, registry, hub, clock), corrections=corrections, roles=roles,
        labels=Labels(store, registry, hub, pipeline, clock), layouts=Layouts(store, clock),
        boards=Boards(store, hub, clock),
        audit=audit, accounts=accounts, admission=admission,
        presence=presence, intake=intake, frames=Frames(clock),
        roster=Roster(registry, presence, intake.known, hub), tasks=tasks, closing=Watchers(), demo=demo,
    )  # fmt: skip
