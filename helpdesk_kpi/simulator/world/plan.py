"""The plan of a world: size, knobs, and how often each event happens."""

from typing import Any, Literal

import msgspec

Locale = Literal["en", "zh"]
Csat = Literal["legacy", "new", "both"]


class Slowdown(msgspec.Struct, frozen=True):
    """From `since` (ms) on, first replies take `factor` times as long; only for `priority`, if given."""

    since: int
    factor: float
    priority: str | None = None


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Shares are of all tickets unless said otherwise; kinds exclude each other, the rest is ordinary."""

    tickets: int = 600
    weeks: int = 30
    locale: Locale = "en"
    stable: bool = False  # nothing changes over time: no trend, holidays, leaver, outage, change of survey
    lossless: bool = False  # nothing is lost to someone who looks once, at the end: no leaver, no scrubbing
    empty: bool = False  # a desk without a single ticket
    csat: Csat = "both"  # "both": the older survey until two thirds of the time, then the newer
    slowdown: Slowdown | None = None
    leaver: bool = True
    spread: float = 0.7  # how much agents' working times vary: sigma of a log-normal
    slow_hand_over: float = 0.0  # days that what is transferred to the third team waits there longer
    growth: float = 0.2  # arrivals at the end are this much more than at the start

    no_priority: float = 0.22  # share of tickets without a priority

    # kinds of tickets
    internal: float = 0.015
    outbound: float = 0.015
    test: float = 0.01
    spam: float = 0.015
    deleted: float = 0.012
    late_deletion: float = 0.0  # of the deleted ones: weeks after they were closed
    merged: float = 0.02
    forgotten: float = 0.006  # never answered
    call: float = 0.05
    missed_call: float = 0.012
    voicemail: float = 0.015
    messaging: float = 0.06
    unanswered_chat: float = 0.008
    ai_agent: float = 0.012
    unanswered_solve: float = 0.02  # solved without a reply
    follow_up: float = 0.02  # of a closed ticket
    recurrence: float = 0.03  # a new ticket with the old problem
    outage: float = 0.0035  # problems, each with five incidents
    hit: int = 0  # customers whom one fault hits on one day; each writes, and some once more two days later

    # what happens on ordinary tickets
    auto_reply: float = 0.12
    routed: float = 0.1  # assigned by a trigger at once
    note_first: float = 0.08
    holding: float = 0.1
    api_reply: float = 0.012  # an agent's reply that a script sent
    raised: float = 0.03
    transfer: float = 0.12
    hold: float = 0.09
    silent_solve: float = 0.03  # the customer wrote again, and it is solved without a word
    light_note: float = 0.03
    article: float = 0.15
    dressed: float = 0.15  # customers' mails with signature or quoted text

    # more hands than needed, drawn from a stream of their own
    detours: float = 0.12  # passed on and back, escalated, given back to the team
    scripted: float = 0.04  # opened by a program
    customer_solve: float = 0.12  # of the tickets that are not solved with the last reply: the customer says it is done

    # situations of real accounts, each drawn from a stream of its own; their tickets come on top of the others
    contact_form: float = 0.0  # a form or an app with an agent's seat makes it in the customer's name
    forwarded: float = 0.0  # an agent forwards a customer's mail
    dictated: float = 0.0  # an agent writes down what a customer says on the phone
    many_sessions: float = 0.0  # a conversation in several sessions
    handed_on: float = 0.0  # an AI agent gives it to people
    late_hours: float = 0.0  # runs on the desk's second calendar, from the start or from later on
    moved_away: float = 0.0  # to a project that is no desk
    old_statuses: float = 0.0  # had statuses that were deleted later
    approved: float = 0.0  # a customer's colleague with a licence writes on it before the agent does
    own_name: float = 0.0  # a program puts down the customer's words in the customer's name
    gone_people: float = 0.0  # of the customers: deleted two weeks after the last that happened to their tickets

    # time that agents write down, drawn from a stream of its own
    hours: float = 0.0  # of what agents save by hand
    amended: float = 0.06  # of what they wrote down: corrected, or deleted, within the hour

    # what happens after a solve
    thanks: float = 0.05
    thanks_answered: float = 0.012  # and an agent writes back
    question: float = 0.03
    not_fixed: float = 0.05
    agent_reopen: float = 0.012
    automation_reopen: float = 0.012
    survey: float = 0.8
    answer: float = 0.35
    changed_answer: float = 0.06  # of those that answered


#: What happens on real accounts; `demo` and `simulate` have it, worlds of tests that do not ask for it don't.
REAL: dict[str, Any] = {
    "contact_form": 0.02, "forwarded": 0.01, "dictated": 0.01, "many_sessions": 0.006, "handed_on": 0.006,
    "late_hours": 0.02, "moved_away": 0.006, "old_statuses": 0.006, "approved": 0.01, "own_name": 0.006,
    "gone_people": 0.02,
}  # fmt: skip

#: Situations that other helpdesks do not have at all.
_ONLY = {"moved_away": "jira", "old_statuses": "jira"}


def real(helpdesk: str) -> dict[str, Any]:
    """Knobs of the situations of real accounts of a helpdesk."""
    return {name: share for name, share in REAL.items() if _ONLY.get(name, helpdesk) == helpdesk}


STATIONARY = {
    "growth": 0.0, "leaver": False, "outage": 0.0, "forgotten": 0.0, "csat": "legacy", "follow_up": 0.0,
}  # fmt: skip


def build_plan(**knobs: object) -> Plan:
    """A plan of keyword knobs; `slowdown` may be a tuple. Unknown ones are a TypeError."""
    if isinstance(given := knobs.get("slowdown"), tuple):
        knobs["slowdown"] = Slowdown(*given)
    if knobs.get("stable"):
        knobs = {**STATIONARY, **knobs}
    if knobs.get("lossless"):
        knobs = {**knobs, "leaver": False}
    return Plan(**knobs)  # type: ignore[arg-type]  # msgspec names a knob that is not there
