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
from telemetry.audit_log import AuditLog
from telemetry.auth import Accounts
from telemetry.backup import Backups
from telemetry.blocking import Blocking
from telemetry.boards import Boards
from telemetry.clock import Clock
from telemetry.commanding import Commanding
from telemetry.corrections import Corrections
from telemetry.damage import Damages
from telemetry.frames import Frames
from telemetry.history import History
from telemetry.hub import Hub
from telemetry.identity import Principal, Watchers
from telemetry.ingest import Pipeline
from telemetry.intake import Intake
from telemetry.labels import Labels
from telemetry.layouts import Layouts
from telemetry.live import LiveSession
from telemetry.load import Load
from telemetry.login_log import LoginLog
from telemetry.maintenance import Maintenance
from telemetry.metrics import Metrics
from telemetry.opened import Opened, opened
from telemetry.presence import Presence
from telemetry.purging import Purging
from telemetry.registry import Registry
from telemetry.removal import Removals
from telemetry.replay import Replay
from telemetry.retention import Rules
from telemetry.roles import Roles
from telemetry.roster import Roster
from telemetry.sessions import Lifetimes
from telemetry.settings import Settings
from telemetry.storage import Storage
from telemetry.store.db import Store, StoreError
from telemetry.store.limits import limits
from telemetry.switchboard import Switchboard
from telemetry.tasks import Tasks
from telemetry.thresholds import Thresholds


@dataclass(slots=True)
class Core:
    """The running core; ``demo`` means: loopback, no login. ``closing`` ends its key "server" when the server stops."""

    settings: Settings
    clock: Clock
    metrics: Metrics
    load: Load
    registry: Registry
    store: Store
    pipeline: Pipeline
    gate: Gate
    hub: Hub
    replay: Replay
    switchboard: Switchboard
    commanding: Commanding
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
    thresholds: Thresholds
    layouts: Layouts
    boards: Boards
    audit: Audit
    audit_log: AuditLog
    failed_logins: LoginLog
    accounts: Accounts
    admission: Admission
    presence: Presence
    intake: Intake
    frames: Frames
    roster: Roster
    removals: Removals
    tasks: Tasks
    closing: Watchers
    demo: bool = False
    bridges: list[Callable[[], dict[str, object]]] = field(default_factory=list)
    """What each MQTT bridge reports of itself."""
    pollers: Callable[[], list[dict[str, object]]] = list
    """How each device fares that is asked."""

    def live_session(self, wake: Callable[[], None], principal: Principal) -> LiveSession:
        """A new dashboard session; ``wake`` is called when its mailbox has something to take."""
        return LiveSession(self.hub, self.replay, self.registry, self.metrics, self.tasks, wake, principal)


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
    lifetimes = Lifetimes(settings.server.session_idle, settings.server.session_lifetime)
    accounts = Accounts(store, clock, audit, lifetimes=lifetimes)
    await accounts.load()
    blocking = Blocking(store, audit, clock)
    await blocking.load()
    admission = Admission(
        devices.admission, accounts, registry, blocking, clock, tasks, max_pending=devices.max_pending_devices
    )
    admission.on_change.append(hub.waiting_changed)
    gate = Gate(
        registry, clock, future_tolerance_ms=int(devices.future_tolerance * 1000), max_series=devices.max_series
    )
    switchboard = Switchboard()
    presence = Presence(registry, switchboard, hub, clock, offline_after=devices.offline_after)
    load = Load(metrics)
    presence.on_sweep.append(load.step)
    intake = Intake(
        registry, gate, pipeline, presence, clock, metrics,
        future_tolerance_ms=int(devices.future_tolerance * 1000),
    )  # fmt: skip
    history = History(store, registry, pipeline, clock)
    maintenance = Maintenance(store, pipeline, clock, metrics, hub.reached, resume_ms=int(settings.live.resume * 1000))
    rules = Rules(settings.retention)
    purging = Purging(store, registry, pipeline, maintenance, clock, rules)
    corrections = Corrections(store, registry, hub, pipeline, maintenance, clock, audit)
    roles = Roles(store, registry, hub, pipeline, maintenance, corrections, audit)
    frames = Frames(clock)
    roster = Roster(registry, presence, intake.known, hub)
    removals = Removals(store, registry, hub, pipeline, maintenance, audit, accounts)
    removals.traces += [presence.forget, intake.known.forget, frames.forget, roster.forget]
    damages = Damages(store, registry, hub, clock, maintenance, audit)
    await damages.load()
    audit_log = AuditLog(store, audit, settings.storage.audit_keep)
    failed_logins = LoginLog(store, audit, lambda name: accounts.people.find(name) is not None)
    accounts.people.logins.failed = failed_logins.failed
    maintenance.jobs += [audit_log.trim, failed_logins.often]
    boards = Boards(store, hub, clock, audit)
    boards.on_change.append(accounts.tokens.board_changed)
    return Core(
        settings=settings, clock=clock, metrics=metrics, load=load, registry=registry, store=store,
        pipeline=pipeline, gate=gate, hub=hub, replay=replay, switchboard=switchboard,
        history=history, maintenance=maintenance, damages=damages,
        backups=Backups(store, settings.backup), rules=rules, purging=purging,
        storage=Storage(store, maintenance, clock),
        annotations=Annotations(store, registry, hub, clock, audit), corrections=corrections, roles=roles,
        labels=Labels(store, registry, hub, pipeline, clock, audit), layouts=Layouts(store, clock, audit),
        thresholds=Thresholds(store, registry, hub, pipeline, audit),
        boards=boards,
        audit=audit, audit_log=audit_log, commanding=Commanding(store, switchboard, audit),
        failed_logins=failed_logins, accounts=accounts, admission=admission,
        presence=presence, intake=intake, frames=frames, removals=removals,
        roster=roster, tasks=tasks, closing=Watchers(), demo=demo,
    )  # fmt: skip
