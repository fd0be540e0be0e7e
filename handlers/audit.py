"""``/audit`` and ``/api/audit``: who changed what, from where, before and after. For admins; nobody changes it.

``who``, ``action`` and ``subject`` are patterns (``*`` is any text); ``from`` and ``to`` are times.
"""

from __future__ import annotations

from datetime import UTC, datetime

from handlers.base import Access, Guard
from handlers.bodies import key_of
from handlers.reading import ReadHandler
from handlers.rendering import render
from telemetry.audit_log import MOST_ASKED, PAGE, Form
from telemetry.model import Reason, Refusal
from telemetry.names import MAX_PATTERN
from telemetry.store.audit import ALL, Wanted
from telemetry.timespec import moment


class AuditPage(Guard):
    """``/audit``: the log, filtered and page by page."""

    access = Access.ADMIN
    page = True

    def get(self) -> None:
        """Show the page; what it shows it fetches by the public contract."""
        render(self, "audit.html", user=self.principal.name)


class _AuditRead(ReadHandler):
    """What both forms of the log share."""

    access = Access.ADMIN

    def wanted(self) -> Wanted | Refusal:
        """The entries that the query asks for."""
        patterns = []
        for name in ("who", "action", "subject"):
            patterns.append(self.get_query_argument(name, "*") or "*")
            if len(patterns[-1]) > MAX_PATTERN:
                return Refusal(Reason.BAD_VALUE, f"a pattern has at most {MAX_PATTERN} characters", name)
        now = self.core.clock.arrival()
        times = []
        for name, default in (("from", ALL.frm), ("to", ALL.to)):
            text = self.get_query_argument(name, "")
            at = moment(text, now, name) if text else default
            if isinstance(at, Refusal):
                return at
            times.append(at)
        page = self.get_query_argument("page", None)
        before = ALL.before if page is None else key_of(page)
        if before is None:
            return Refusal(Reason.BAD_VALUE, "give the `next` of the answer before, as it is", "page")
        (who, action, subject), (frm, to) = patterns, times
        return Wanted(who, action, subject, frm, to, before)


class AuditList(_AuditRead):
    """A page of the log, newest first; the first page also lists the actions that occur."""

    async def answer(self) -> None:
        """Read it."""
        wanted = self.wanted()
        limit = key_of(self.get_query_argument("limit", str(PAGE))) or 0
        if not 1 <= limit <= MOST_ASKED:
            wanted = Refusal(Reason.BAD_VALUE, f"a page has 1 to {MOST_ASKED:,} entries", "limit")
        if isinstance(wanted, Refusal):
            self.refuse_with(wanted)
            return
        found = await self.core.audit_log.page(wanted, limit)
        first = {"actions": await self.core.audit_log.actions()} if wanted.before == ALL.before else {}
        self.give({"entries": found.entries, "next": found.next, **first})


class AuditCsv(_AuditRead):
    """The log as CSV."""

    async def answer(self) -> None:
        """Send it piece by piece."""
        wanted = self.wanted()
        if isinstance(wanted, Refusal):
            self.refuse_with(wanted)
            return
        await self.stream(self.core.audit_log.pieces(wanted, Form.CSV), self._head)

    def _head(self) -> None:
        now = datetime.fromtimestamp(self.core.clock.arrival() / 1000, UTC)
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="telltale-audit-{now:%Y%m%dT%H%M%SZ}.csv"')
