"""The mark of a preliminary report, in every part of it: also in those of templates that know nothing of it."""

import html
import re
from typing import Any

import msgspec

from helpdesk_kpi.report import markup
from helpdesk_kpi.report.formatting import NBSP, Formatter
from helpdesk_kpi.report.report import Report

_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_STYLE = (
    "margin:0;padding:10px 14px;border-left:4px solid #a84a04;background-color:#fbf3ea;color:#a84a04;"
    "font:14px/20px sans-serif"
)


class PreliminaryMark(msgspec.Struct, frozen=True):
    """Adds the mark where it is missing; a complete report stays as it is."""

    report: Report
    words: Formatter

    @property
    def _note(self) -> str:
        return self.report.notices[0] if self.report.is_preliminary else ""

    def subject(self, text: str) -> str:
        return self._titled(text)

    def text(self, text: str | None) -> str | None:
        if not text or not self._note or _squeezed(self._note) in _squeezed(text):
            return text
        return f"! {self._note}\n\n{text}"

    def html(self, text: str | None) -> str | None:
        """Templates of ours print the notices below the headline; in others it becomes the first line."""
        if not text or not self._note or _squeezed(self._note) in _squeezed(html.unescape(text)):
            return text
        note = f'<p style="{_STYLE}">{html.escape(self._note)}</p>'
        body = _BODY.search(text)
        return text[: body.end()] + note + text[body.end() :] if body else note + text

    def slack(self, payload: Any) -> Any:
        """In the notification too, which is all that many people read."""
        if not self._note or not isinstance(payload, dict):
            return payload
        marked = dict(payload)
        if isinstance(payload.get("text"), str):
            marked["text"] = self._titled(payload["text"])
        blocks, note = payload.get("blocks"), markup.escape_mrkdwn(self._note)
        if isinstance(blocks, list) and _squeezed(note) not in _squeezed(str(blocks)):
            marked["blocks"] = [{"type": "section", "text": {"type": "mrkdwn", "text": f":warning: {note}"}}, *blocks]
        return marked

    def _titled(self, text: str) -> str:
        return self.words.gettext("Preliminary: {subject}", subject=text) if self.report.is_preliminary else text


def _squeezed(text: str) -> str:
    """Without white space: lines are wrapped, and units are kept together, in other ways in each part."""
    return re.sub(r"\s+|<[^>]+>", "", text.replace(NBSP, ""))
