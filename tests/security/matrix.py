"""Who may what, in one table: every route, its methods, and the least that each asks for.

``open`` asks for nothing, ``device`` for a device's token, ``person`` for a login of any role, the roles for a login or
an API token of that role or above. A credential that is limited to a scope gets only where a ``+`` stands, and there
finds what is in its scope. A method that does not stand here is answered to no one. ``test_matrix.py`` asks a real
server for every cell, and finds a route that is missing here.
"""

from __future__ import annotations

ROLES = ("viewer", "operator", "admin")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

_TABLE = r"""
/                                                     GET viewer
/data                                                 GET operator
/tokens                                               GET admin
/explore                                              GET viewer
/audit                                                GET admin
/system                                               GET operator
/frames                                               GET operator
/devices                                              GET operator
/devices/(?P<device>.+)/messages                      GET operator
/devices/(?P<device>.+)                               GET viewer
/boards                                               GET viewer
/boards/(?P<number>[^/]+)                             GET viewer+
/series                                               GET viewer
/login                                                GET open         POST open
/logout                                               POST open
/setup                                                GET open         POST open
/password                                             GET open         POST open
/account                                              GET person
/people                                               GET admin
/api/account                                          GET person
/api/account/password                                 POST person
/api/account/sessions                                 DELETE person
/api/account/sessions/(?P<number>[^/]+)               DELETE person
/api/account/codes/begin                              POST person
/api/account/codes/confirm                            POST person
/api/account/codes/renew                              POST person
/api/account/codes/off                                POST person
/api/people                                           GET admin        POST admin
/api/people/role                                      POST admin
/api/people/link                                      POST admin
/api/people/codes-off                                 POST admin
/api/people/remove                                    POST admin
/static/pack/(.*)                                     GET open
/static/(.*)                                          GET open         HEAD open
/ws/device                                            GET device
/ws/live                                              GET viewer+
/api/ingest                                           POST device
/api/stream                                           GET viewer+
/api/poll                                             GET viewer+
/api/latest                                           GET viewer+
/api/history                                          GET viewer+
/api/export\.csv                                      GET viewer+
/api/export\.ndjson                                   GET viewer+
/api/import                                           POST operator+
/api/series                                           GET viewer+
/api/storage                                          GET viewer
/api/audit                                            GET admin
/api/audit\.csv                                       GET admin
/api/system                                           GET operator
/api/series/edit                                      POST operator
/api/series/thresholds                                POST operator
/api/series/rename                                    POST operator
/api/series/merge                                     POST operator
/api/series/changes                                   GET viewer
/api/corrections                                      GET viewer       POST operator
/api/corrections/(?P<number>[^/]+)/undo               POST operator
/api/devices                                          GET viewer+
/api/devices/approve                                  POST operator
/api/devices/block                                    POST operator
/api/devices/unblock                                  POST operator
/api/devices/credentials                              GET operator
/api/devices/arrivals                                 GET operator
/api/devices/held                                     GET operator
/api/devices/add                                      POST operator
/api/devices/rotate                                   POST operator
/api/devices/rotate/end                               POST operator
/api/devices/revoke                                   POST operator
/api/devices/gateway                                  POST operator
/api/devices/remove                                   POST operator
/api/devices/(?P<device>.+)/frames                    GET operator
/api/frames                                           GET operator
/api/layouts                                          GET viewer
/api/layouts/own                                      PATCH viewer     DELETE viewer
/api/layouts/own/undo                                 POST viewer
/api/layouts/shared                                   PATCH operator   DELETE operator
/api/layouts/shared/undo                              POST operator
/api/annotations                                      GET viewer+      POST operator+
/api/annotations\.csv                                 GET viewer+
/api/annotations\.ndjson                              GET viewer+
/api/annotations/(?P<number>[^/]+)                    PUT operator     DELETE operator
/api/annotations/(?P<number>[^/]+)/restore            POST operator
/api/boards                                           GET viewer+      POST operator
/api/boards/import                                    POST operator
/api/boards/(?P<number>[^/]+)                         GET viewer+      PUT operator     DELETE operator
/api/boards/(?P<number>[^/]+)/versions                GET viewer
/api/boards/(?P<number>[^/]+)/restore                 POST operator
/api/boards/(?P<number>[^/]+)/export                  GET viewer
/api/boards/(?P<number>[^/]+)/links                   GET operator     POST operator
/api/boards/(?P<number>[^/]+)/links/(?P<name>.+)      DELETE operator
/api/tokens                                           GET admin        POST admin
/api/tokens/(?P<name>.+)                              DELETE admin
/api/images                                           POST operator
/api/images/(?P<key>[^/]+)                            GET viewer+
/api/build                                            GET viewer+
/api/storage/damage                                   GET viewer
/api/storage/damage/acknowledge                       POST operator
/write                                                POST device
/api/v2/write                                         POST device
/ping                                                 GET open         HEAD open
/health                                               GET open
/query                                                GET device       POST device
/api/v1/write                                         POST device
/metrics/job/(?P<labels>.+)                           POST device      PUT device       DELETE device
/metrics/job@base64/(?P<labels>.+)                    POST device      PUT device       DELETE device
/api/v1/(?P<token>[^/]+)/telemetry                    POST device
/api/webhook/ttn                                      POST device
/api/webhook/chirpstack                               POST device
/hooks/ttn                                            POST device
/hooks/chirpstack                                     POST device
/ruuvi                                                POST device
/senml                                                POST device
/data\.php                                            POST device
/boxes/(?P<box>[^/]+)/(?P<sensor>[^/]+)               POST device
/api/v2/(?P<user>[^/]+)/feeds/(?P<key>[^/]+)/data     POST device
/api/v2/(?P<user>[^/]+)/feeds/(?P<key>[^/]+)/data/batch POST device
/api/v2/(?P<user>[^/]+)/groups/(?P<key>[^/]+)/data    POST device
/data/report                                          GET device       POST device
/data/report/                                         GET device       POST device
/data/report/(?P<token>[^/]+)                         GET device       POST device
/weatherstation/updateweatherstation\.php             GET device       POST device
/pub                                                  POST device
/api/bridges                                          GET viewer
/api/pollers                                          GET viewer
/api/openapi\.json                                    GET viewer+
/healthz                                              GET open         HEAD open
/metrics                                              GET viewer
"""


def _parsed(table: str) -> dict[str, dict[str, str]]:
    rows = [line.split() for line in table.strip().splitlines()]
    return {pattern: dict(zip(rest[::2], rest[1::2], strict=True)) for pattern, *rest in rows}


MATRIX = {
    pattern: {method: one.rstrip("+") for method, one in cells.items()} for pattern, cells in _parsed(_TABLE).items()
}
"""Pattern of the route -> method -> who."""
SCOPED = {
    (pattern, method) for pattern, cells in _parsed(_TABLE).items() for method, one in cells.items() if "+" in one
}
"""What credentials with a scope reach."""


def may(who: str, needed: str | None) -> bool:
    """Whether ``who`` (nobody, device, person, or a role) gets past the door of a method that asks for ``needed``."""
    if needed is None:
        return False
    if needed == "open":
        return True
    if needed in ROLES and who in (*ROLES, "person"):
        return ROLES.index("viewer" if who == "person" else who) >= ROLES.index(needed)
    return who == needed
