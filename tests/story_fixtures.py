"""Writing a ticket's story by hand, in minutes since its creation."""

from collections.abc import Sequence
from typing import Any

from helpdesk_kpi.config import Tickets
from helpdesk_kpi.identities.source_rules import PROMISES, AccountFacts, SourceRules
from helpdesk_kpi.measure.metrics.contract import EXCLUDED, Observation
from helpdesk_kpi.measure.metrics.discovery import get_kpi
from helpdesk_kpi.measure.tickets.exclusions import apply_exclusions
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.store.ticket_records import EventRecord, MergeRow, RatingRecord, TicketRecord, TicketRecords

CREATED = 1_790_000_000_000
MINUTE = 60_000
CUSTOMER, ANN, BOB, LIGHT, ROBOT, LEAVER = 1, 2, 3, 4, 5, 6
TEAM = 50
WEEK = 7 * 1440  # minutes after which a solve counts as accepted if nobody says anything

PEOPLE = {
    ANN: AccountFacts("agent", True, (0,), ("agent",)),
    BOB: AccountFacts("agent", True, (0,), ("agent",)),
    LIGHT: AccountFacts("light_agent", False, (0,), ("light_agent",)),
    ROBOT: AccountFacts("agent", False, (0,), ("agent",)),
    LEAVER: AccountFacts("customer", True, (0, CREATED + 60 * MINUTE), ("agent", "customer")),  # leaves after an hour
}


def desk(**rules: Any) -> SourceRules:
    lacks = rules.pop("lacks", ())
    promised = {"has_sla": rules.pop("has_sla", False), "sla_names": rules.pop("sla_names", PROMISES)}
    return SourceRules(
        source=1, since=rules.pop("since", 0), rules=Tickets(**rules),
        severities={"urgent": "P0", "high": "P1", "normal": "P2", "low": "P3"},
        states={s: s for s in ("new", "open", "pending", "hold", "solved", "closed")}, people=PEOPLE,
        outsiders=frozenset(), person_keys={str(k): k for k in PEOPLE}, team_keys={"50": TEAM, "51": 51},
        bots=frozenset({ROBOT}), dimensions={}, missing_capabilities=frozenset(lacks),
        **promised,
    )  # fmt: skip


def at(minute: float) -> int:
    return CREATED + int(minute * MINUTE)


def said(minute: float, who: int | None, *, public: bool = True, **more: Any) -> EventRecord:
    """A comment."""
    return _event(
        minute, "comment", who, public=int(public), **{"length": 200, "is_thanks": 0, "is_question": 0, **more}
    )


def did(minute: float, who: int | None, field: str, before: Any, after: Any, **more: Any) -> EventRecord:
    """A change of a field."""
    text = [None if v is None else str(v) for v in (before, after)]
    return _event(minute, "change", who, field=field, before=text[0], after=text[1], **more)


def status(minute: float, who: int | None, before: str | None, after: str, **more: Any) -> EventRecord:
    return did(minute, who, "status", before, after, **more)


def talked(minute: float, who: int, kind: str) -> EventRecord:
    """An answered call or a first chat message."""
    return _event(minute, kind, who, public=1)


def rated(minute: float, score: str) -> EventRecord:
    return _event(minute, "survey", CUSTOMER, field="satisfaction", after=score)


def _event(minute: float, kind: str, who: int | None, **more: Any) -> EventRecord:
    fields: dict[str, Any] = dict.fromkeys(EventRecord.__struct_fields__)
    fields |= {"at": at(minute), "seq": 0, "kind": kind, "actor": who} | more
    return EventRecord(**fields)


OPEN = did(0, CUSTOMER, "status", None, "new")


def story(
    *events: EventRecord,
    the: SourceRules | None = None,
    ratings: Sequence[RatingRecord] = (),
    beside: TicketRecords | None = None,
    words: bool = True,
    **row: Any,
) -> Timeline:
    """A ticket of a customer, by email, with a normal priority, in a team; its first comment at its creation.

    Its row is as the last of the events leave it. What it is merged into is read. `words`: False for a ticket without
    the comment that made it.
    """
    asked = row.get("requester", CUSTOMER)
    given = {
        "id": 1, "source": 1, "created_at": CREATED, "updated_at": max([CREATED, *(e.at for e in events)]),
        "status": "new", "channel": "email", "tags": "[]", "fields": "{}", "priority": "normal", "requester": asked,
        "submitter": asked, "team": TEAM, "is_spam": 0, "replies_known": "yes", "changes_known": "yes",
        "participants": "[]", "is_imported": 0, **_ends(events), **row,
    }  # fmt: skip
    fields: dict[str, Any] = dict.fromkeys(TicketRecord.__struct_fields__) | given
    has_words = not words or any(e.kind == "comment" and e.at == CREATED for e in events)
    opening = [] if has_words else [said(0, given["submitter"])]
    merges = [MergeRow(1, 9, CREATED - MINUTE)] if row.get("merged_into") else []
    beside = beside or TicketRecords(ratings=ratings, merges=merges)
    return Timeline(the or desk(), TicketRecord(**fields), [*opening, *events], beside)


def _ends(events: Sequence[EventRecord]) -> dict[str, Any]:
    """The values that the last change of each field leaves."""
    last = {e.field: e.after for e in sorted(events, key=lambda e: (e.at, e.seq)) if e.kind == "change"}
    keys: dict[str | None, int] = {"50": TEAM, "51": 51, **{str(k): k for k in PEOPLE}}
    plain = {field: last[field] for field in ("status", "priority") if field in last}
    return plain | {field: keys.get(last[field]) for field in ("team", "assignee") if field in last}


def measured(ticket: Timeline, kpi: str, variant: str = "strict", *, as_of: float | None = None) -> list[Observation]:
    """The observations that exist at `as_of` (minutes; None: at the end of time)."""
    spec = get_kpi(kpi)
    instant = 1 << 62 if as_of is None else at(as_of)
    return [
        o
        for o in apply_exclusions(ticket, spec, spec.variants[variant])
        if max(o.at, o.since or 0) <= instant and (o.until is None or instant < o.until)
    ]


def minutes(ticket: Timeline, kpi: str, variant: str = "strict", *, as_of: float | None = None) -> list[Any]:
    """Lengths in minutes; "running" while it runs at as_of, the reason where it stopped otherwise."""
    instant = 1 << 62 if as_of is None else at(as_of)
    found: list[Any] = []
    for o in measured(ticket, kpi, variant, as_of=as_of):
        assert o.start is not None
        if o.end is None or o.end > instant:
            found.append(o.stop if o.stop in EXCLUDED else "running")
        else:
            length = sum(b - a for a, b in o.pieces or ((o.start, o.end),)) / MINUTE
            found.append(f"{o.stop} {length:g}" if o.stop else length)
    return found


def each(ticket: Timeline, kpi: str, *, as_of: float | None = None) -> dict[str, list[Any]]:
    """Lengths in minutes by every variant that the catalogue has."""
    return {variant: minutes(ticket, kpi, variant, as_of=as_of) for variant in get_kpi(kpi).variants}


def apart(kpi: str, usual: Any, **others: Any) -> dict[str, Any]:
    """What each variant should give: `usual` by all but the `others`. A new variant is held to the usual too."""
    variants = get_kpi(kpi).variants
    assert set(others) <= set(variants)
    return {variant: others.get(variant, usual) for variant in variants}


def counted(ticket: Timeline, kpi: str, variant: str = "strict", *, as_of: float | None = None) -> list[Any]:
    """(who, minutes that count, whether it still runs) of each row at `as_of`."""
    instant = 1 << 62 if as_of is None else at(as_of)
    found: list[Any] = []
    for o in measured(ticket, kpi, variant, as_of=as_of):
        assert o.start is not None
        end = instant if o.end is None else o.end
        pieces = [(max(a, o.start), min(b, end)) for a, b in o.pieces or ((o.start, end),)]
        took = sum(max(0, b - a) for a, b in pieces) / MINUTE
        found.append((o.agent, took, o.end is None))
    return found
