"""With which rules each source's comments were read. Nobody can read them again without asking the helpdesk: what
customers wrote is not kept. So a changed rule, or a changed list of one's own, is told to whoever asks.
"""

from collections.abc import Iterable

import msgspec

from helpdesk_kpi.config import Config
from helpdesk_kpi.store import Store
from helpdesk_kpi.text.comment import RULES_VERSION

FIRST_RULE = 1  # of stores that were begun before any of this was written down


def custom_gratitude(config: Config) -> tuple[str, ...]:
    """`[text] thanks` as comments are compared with it."""
    return tuple(sorted({" ".join(phrase.lower().split()) for phrase in config.text.thanks}))


def save_rules_version(store: Store, source: str, thanks: Iterable[str]) -> None:
    """All comments of the source are, or will be, read with the rules of today."""
    with store.transaction() as conn:
        conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_key(source), _rules(RULES_VERSION, thanks)))


def find_outdated_sources(store: Store, thanks: Iterable[str]) -> list[str]:
    """Names of the sources whose comments, or some of them, were read with other rules than today's."""
    now, before = _rules(RULES_VERSION, thanks), _rules(FIRST_RULE, ())
    names = store.rows("SELECT DISTINCT s.name FROM sources s JOIN cursors c ON c.source = s.id ORDER BY s.id")
    rules = dict(store.rows("SELECT key, value FROM meta"))
    return [name for (name,) in names if rules.get(_key(name), before) != now]


def resync_hint(source: str) -> str:
    """What to tell of one of them."""
    return (
        f"{source}: its comments were read with other words for thanks and questions than today's:"
        f" `helpdesk-kpi sync --full {source}` reads them again"
    )


def _key(source: str) -> str:
    return f"words:{source}"


def _rules(rule: int, thanks: Iterable[str]) -> bytes:
    return msgspec.json.encode([rule, list(thanks)])
