"""What every part of a report stands in."""

import msgspec

from helpdesk_kpi.report.formatting import Formatter
from helpdesk_kpi.report.result_types import Figures

HISTORY = 26  # points of history that a usual range needs


class RenderContext(msgspec.Struct, frozen=True):
    """The figures and the language."""

    figures: Figures
    words: Formatter

    @property
    def kind(self) -> str:
        """Of the period: week, month, ..."""
        return self.figures.period.kind
