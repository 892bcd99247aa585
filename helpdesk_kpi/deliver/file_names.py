"""Names of files of a report: the same for the folder where they lie, the attachment and the link that leads there."""

import hashlib
import re

from helpdesk_kpi.deliver.mime import whole

LONGEST = 80  # bytes of one word
LONGEST_SLICE = 40


def stem(report: str, period: str, variant: str) -> str:
    """The beginning of every file's name: report, slice, period, and the variant unless it is the original."""
    name, _, part = report.partition(":")
    kind = [] if variant == "original" else [safe(variant)]
    return "-".join([safe(name), *([_marked(part)] if part else []), safe(period), *kind])


def page_file(report: str, period: str, variant: str) -> str:
    """The browser page's file."""
    return f"{stem(report, period, variant)}.html"


def safe(word: str, longest: int = LONGEST) -> str:
    """A file name's part on any system: letters and digits of any script, dots inside, no path, at most 80 bytes."""
    name = re.sub(r"[^\w.-]+", "-", whole(word)).strip(".-_")
    return name.encode()[:longest].decode("utf-8", "ignore") or "report"


def _marked(word: str) -> str:
    """`safe`, with a mark where that changed the word: "A/B" and "A-B" are two teams, and have two files."""
    made = safe(word, LONGEST_SLICE)
    return made if made == word else f"{made}-{hashlib.sha256(whole(word).encode()).hexdigest()[:6]}"
