"""Every route, in one ordered list. Each class says by its ``access`` who may use it; what no route takes is 404."""

from __future__ import annotations

import logging

from tornado.web import Application, RequestHandler

from handlers import credentials
from handlers.account import (
    Account,
    AccountPage,
    CodesBegin,
    CodesConfirm,
    CodesOff,
    CodesRenew,
    OwnPassword,
    OwnSession,
    OwnSessions,
)
from handlers.admission import Approve, Block, Unblock
from handlers.annotations import AnnotationList, AnnotationOne, AnnotationRestore, AnnotationsCsv, AnnotationsNdjson
from handlers.audit import AuditCsv, AuditList, AuditPage
from handlers.boards import BoardFile, BoardList, BoardOne, BoardRestore, BoardTake, BoardVersions, ImageList, ImageOne
from handlers.bridges import BridgeList, PollerList
from handlers.corrections import CorrectionList, CorrectionUndo
from handlers.damage import Acknowledge, DamageReport
from handlers.device_socket import DeviceSocket
from handlers.devices import Devices
from handlers.export import ExportCsv, ExportNdjson
from handlers.frames import DeviceFrames, Frames
from handlers.health import Health
from handlers.history import HistoryQuery
from handlers.import_file import ImportFile
from handlers.influx import InfluxHealth, InfluxPing, InfluxQuery, InfluxWrite
from handlers.ingest import Ingest
from handlers.labels import Edit
from handlers.latest import Latest
from handlers.layouts import LayoutList, OwnLayout, OwnLayoutUndo, SharedLayout, SharedLayoutUndo
from handlers.live_socket import LiveSocket
from handlers.login import Login, Logout, NewPassword, Setup
from handlers.metrics import MetricsPage
from handlers.onboarding import (
    Add,
    Arrivals,
    Credentials,
    DevicesPage,
    Gateway,
    Held,
    Remove,
    Revoke,
    Rotate,
    RotateEnd,
)
from handlers.openapi import OpenApi
from handlers.pages import (
    BoardsPage,
    DashboardPage,
    DataPage,
    DevicePage,
    ExplorePage,
    FramesPage,
    MessagesPage,
    Packed,
    SeriesPage,
    StaticFiles,
)
from handlers.people import PeopleList, PeoplePage, PersonCodesOff, PersonLink, PersonRemove, PersonRole
from handlers.poll import Poll
from handlers.roles import Changes, Merge, Rename
from handlers.screens import BoardPage, BuildReport
from handlers.series import SeriesList
from handlers.sorry import NotFound, sorry
from handlers.storage import StorageReport
from handlers.stream import Stream
from handlers.system import SystemPage, SystemReport
from handlers.thresholds import SeriesThresholds
from handlers.tokens import BoardLink, BoardLinks, TokenList, TokenOne, TokensPage
from handlers.webhooks import (
    Adafruit,
    OwnTracks,
    Pushed,
    RemoteWrite,
    SenseBox,
    Station,
    ThingsBoard,
    Webhook,
)
from telemetry.core import Core

log = logging.getLogger(__name__)

ROUTES: list[tuple[str, type[RequestHandler]]] = [
    (r"/", DashboardPage),
    (r"/data", DataPage),
    (r"/tokens", TokensPage),
    (r"/explore", ExplorePage),
    (r"/audit", AuditPage),
    (r"/system", SystemPage),
    (r"/frames", FramesPage),
    (r"/devices", DevicesPage),
    (r"/devices/(?P<device>.+)/messages", MessagesPage),
    (r"/devices/(?P<device>.+)", DevicePage),
    (r"/boards", BoardsPage),
    (r"/boards/(?P<number>[^/]+)", BoardPage),
    (r"/series", SeriesPage),
    (r"/login", Login),
    (r"/logout", Logout),
    (r"/setup", Setup),
    (r"/password", NewPassword),
    (r"/account", AccountPage),
    (r"/people", PeoplePage),
    (r"/api/account", Account),
    (r"/api/account/password", OwnPassword),
    (r"/api/account/sessions", OwnSessions),
    (r"/api/account/sessions/(?P<number>[^/]+)", OwnSession),
    (r"/api/account/codes/begin", CodesBegin),
    (r"/api/account/codes/confirm", CodesConfirm),
    (r"/api/account/codes/renew", CodesRenew),
    (r"/api/account/codes/off", CodesOff),
    (r"/api/people", PeopleList),
    (r"/api/people/role", PersonRole),
    (r"/api/people/link", PersonLink),
    (r"/api/people/codes-off", PersonCodesOff),
    (r"/api/people/remove", PersonRemove),
    (r"/static/pack/(.*)", Packed),
    (r"/static/(.*)", StaticFiles),
    (r"/ws/device", DeviceSocket),
    (r"/ws/live", LiveSocket),
    (r"/api/ingest", Ingest),
    (r"/api/stream", Stream),
    (r"/api/poll", Poll),
    (r"/api/latest", Latest),
    (r"/api/history", HistoryQuery),
    (r"/api/export\.csv", ExportCsv),
    (r"/api/export\.ndjson", ExportNdjson),
    (r"/api/import", ImportFile),
    (r"/api/series", SeriesList),
    (r"/api/storage", StorageReport),
    (r"/api/audit", AuditList),
    (r"/api/audit\.csv", AuditCsv),
    (r"/api/system", SystemReport),
    (r"/api/series/edit", Edit),
    (r"/api/series/thresholds", SeriesThresholds),
    (r"/api/series/rename", Rename),
    (r"/api/series/merge", Merge),
    (r"/api/series/changes", Changes),
    (r"/api/corrections", CorrectionList),
    (r"/api/corrections/(?P<number>[^/]+)/undo", CorrectionUndo),
    (r"/api/devices", Devices),
    (r"/api/devices/approve", Approve),
    (r"/api/devices/block", Block),
    (r"/api/devices/unblock", Unblock),
    (r"/api/devices/credentials", Credentials),
    (r"/api/devices/arrivals", Arrivals),
    (r"/api/devices/held", Held),
    (r"/api/devices/add", Add),
    (r"/api/devices/rotate", Rotate),
    (r"/api/devices/rotate/end", RotateEnd),
    (r"/api/devices/revoke", Revoke),
    (r"/api/devices/gateway", Gateway),
    (r"/api/devices/remove", Remove),
    (r"/api/devices/(?P<device>.+)/frames", DeviceFrames),
    (r"/api/frames", Frames),
    (r"/api/layouts", LayoutList),
    (r"/api/layouts/own", OwnLayout),
    (r"/api/layouts/own/undo", OwnLayoutUndo),
    (r"/api/layouts/shared", SharedLayout),
    (r"/api/layouts/shared/undo", SharedLayoutUndo),
    (r"/api/annotations", AnnotationList),
    (r"/api/annotations\.csv", AnnotationsCsv),
    (r"/api/annotations\.ndjson", AnnotationsNdjson),
    (r"/api/annotations/(?P<number>[^/]+)", AnnotationOne),
    (r"/api/annotations/(?P<number>[^/]+)/restore", AnnotationRestore),
    (r"/api/boards", BoardList),
    (r"/api/boards/import", BoardTake),
    (r"/api/boards/(?P<number>[^/]+)", BoardOne),
    (r"/api/boards/(?P<number>[^/]+)/versions", BoardVersions),
    (r"/api/boards/(?P<number>[^/]+)/restore", BoardRestore),
    (r"/api/boards/(?P<number>[^/]+)/export", BoardFile),
    (r"/api/boards/(?P<number>[^/]+)/links", BoardLinks),
    (r"/api/boards/(?P<number>[^/]+)/links/(?P<name>.+)", BoardLink),
    (r"/api/tokens", TokenList),
    (r"/api/tokens/(?P<name>.+)", TokenOne),
    (r"/api/images", ImageList),
    (r"/api/images/(?P<key>[^/]+)", ImageOne),
    (r"/api/build", BuildReport),
    (r"/api/storage/damage", DamageReport),
    (r"/api/storage/damage/acknowledge", Acknowledge),
    (r"/write", InfluxWrite),
    (r"/api/v2/write", InfluxWrite),
    (r"/ping", InfluxPing),
    (r"/health", InfluxHealth),
    (r"/query", InfluxQuery),
    (r"/api/v1/write", RemoteWrite),
    (r"/metrics/job/(?P<labels>.+)", Pushed),
    (r"/metrics/job@base64/(?P<labels>.+)", Pushed),
    (r"/api/v1/(?P<token>[^/]+)/telemetry", ThingsBoard),
    (r"/api/webhook/ttn", Webhook),
    (r"/api/webhook/chirpstack", Webhook),
    (r"/hooks/ttn", Webhook),
    (r"/hooks/chirpstack", Webhook),
    (r"/ruuvi", Webhook),
    (r"/senml", Webhook),
    (r"/data\.php", Webhook),
    (r"/boxes/(?P<box>[^/]+)/(?P<sensor>[^/]+)", SenseBox),
    (r"/api/v2/(?P<user>[^/]+)/feeds/(?P<key>[^/]+)/data", Adafruit),
    (r"/api/v2/(?P<user>[^/]+)/feeds/(?P<key>[^/]+)/data/batch", Adafruit),
    (r"/api/v2/(?P<user>[^/]+)/groups/(?P<key>[^/]+)/data", Adafruit),
    (r"/data/report", Station),
    (r"/data/report/", Station),
    (r"/data/report/(?P<token>[^/]+)", Station),
    (r"/weatherstation/updateweatherstation\.php", Station),
    (r"/pub", OwnTracks),
    (r"/api/bridges", BridgeList),
    (r"/api/pollers", PollerList),
    (r"/api/openapi\.json", OpenApi),
    (r"/healthz", Health),
    (r"/metrics", MetricsPage),
]


def log_request(handler: RequestHandler) -> None:
    """For the application's ``log_function``: a line per request at debug, without its token."""
    if log.isEnabledFor(logging.DEBUG):
        milliseconds = 1000 * handler.request.request_time()
        log.debug("%s: %d in %.1f ms", credentials.redacted(handler.request), handler.get_status(), milliseconds)


def application(core: Core) -> Application:
    """The web application on a core.

    A ping goes out every half ``ping_timeout`` and may stay unanswered for the other half: a silent peer is closed.
    """
    every = core.settings.live.ping_timeout / 2
    return Application(
        ROUTES,
        core=core,
        default_handler_class=NotFound,
        sorry=sorry,
        log_function=log_request,
        compress_response=True,
        websocket_ping_interval=every,
        websocket_ping_timeout=every,
        websocket_max_message_size=core.settings.server.max_message,
    )
