"""English texts for codes: reasons, stages, statistics, units. Each table is the context of its translations."""

from collections.abc import Iterator, Mapping

from helpdesk_kpi.measure.metrics.contract import YES_NO, Kpi
from helpdesk_kpi.measure.quality import gaps

#: Of durations.
UNITS = {
    "d": "d",
    "h": "h",
    "min": "min",
    "s": "s",
}
#: The period before, by kind of period.
PREVIOUS = {
    "day": "day before",
    "week": "week before",
    "month": "month before",
    "quarter": "quarter before",
    "half": "half-year before",
    "year": "year before",
}
#: The period itself, by kind of period.
THIS = {
    "day": "this day",
    "week": "this week",
    "month": "this month",
    "quarter": "this quarter",
    "half": "this half-year",
    "year": "this year",
}
#: Which statistic a headline is, by its class; classes with one possible value need none.
STATISTICS = {
    "Duration": "median",
    "Stock": "at the end of the period",
    "Score": "mean",
    "Freshness": "at the end of the period",
}
#: Where a signal points.
DIRECTIONS = {
    "worse": "worse",
    "better": "better",
    "more": "more",
    "less": "less",
}
#: How a signal differs from the usual range.
VERDICTS = {
    "slower": "slower than usual",
    "faster": "faster than usual",
    "higher": "higher than usual",
    "lower": "lower than usual",
}
#: Reasons, states and facets.
REASONS = {
    "deleted": "deleted",
    "merged": "merged",
    "spam": "spam",
    "internal": "internal",
    "outbound": "outbound",
    "test": "test",
    "replies_pending": "replies not pulled yet",
    "replies_unreadable": "replies unreadable",
    "history_unknown": "history unknown",
    "moved": "moved to a project that is not synced",
    "imported_copy": "imported copies of other tickets",
    "subtask": "sub-tasks",
    "child": "child tickets",
    "parent": "parent tickets",
    "tracker": "tracker tickets",
    "related": "related tickets",
    "issue_type": "of a kind that is left out",
    "first_message_unknown": "first message not known",
    "no_human_act": "solved without any action by a person",
    "reopened_not_fixed": "reopened as not fixed",
    "not_valid": "not valid by configuration",
    "incident": "of an incident that affected many",
    "shared_sender": "of a shared or automatic sender",
    "expected": "a request that is expected to come back",
    "escalated": "escalated in time, with a reason",
    "solved_by_bot": "solved by a bot alone",
    "no_target": "without a target",
    "too_few_raters": "ratings of too few people to show",
    "period_open": "ratings of a period that is not over",
    "no_call_data": "calls without call data",
    "no_chat_data": "chats without chat data",
    "schedule_unknown": "business hours not known",
    "rating_unreadable": "ratings that cannot be read",
    "rating_default": "set by default",
    "rating_timeout": "set by a time-out",
    "rating_internal": "by the team itself",
    "solved_without_reply": "solved without a reply",
    "running": "still waiting",
    "we_have_none": "not known here",
    "agent_created": "opened by the team",
    "solved_before_reply": "solved before the reply",
    "phone_or_chat": "answered by phone or chat",
    "bot_reply_counted": "answered by a bot first",
    "private_first": "answered by a note first",
    "light_agent": "answered by a light agent first",
    "demoted_agent": "answered by a person whose role changed",
    "reopened_since": "opened again since",
    "clock_started_elsewhere": "clock started later",
    "first_cycle_of_many": "one of several runs",
    "paused_time": "clock paused",
    "before_creation": "answered before it was opened",
    "calendar_differs": "other hours",
    "new": "new",
    "open": "open",
    "pending": "waiting for the customer",
    "hold": "on hold",
    "thanks": "only thanks",
    "not_fixed": "not fixed",
    "followup_question": "another question",
    "automation": "by automation",
    "unknown": "why is unknown",
    "agent": "by the team",
    "confirmed_by_customer": "confirmed by the customer",
    "rated_good": "rated good",
    "thanked": "with thanks",
    "tacit": "tacit (not opened again for 7 days)",
    "created": "created",
    "solved": "solved",
    "reopened": "opened again",
    "overall": "overall",
    "expertise": "expertise",
    "attitude": "attitude",
    "email": "email",
    "web": "web",
    "api": "API",
    "phone": "phone",
    "chat": "chat",
    "routing": "to its team at first",
    "pingpong": "back and forth",
    "handover": "handed over",
    "escalation": "escalated",
    "with_reason": "with a reason",
    "without_reason": "without a reason",
    "development": "to development",
    "by_time": "hours written down",
    "by_effort": "signs of effort",
    "by_configured": "the configured table",
    "by_equal": "1 for every ticket",
}
#: Why a ticket waits for a person.
WHY = {
    "no first reply": "no first reply yet",
    "waiting for us": "waiting for us",
    "open past target": "open past its target",
}
#: Of a ticket's way.
STAGES = {
    "queue": "in the queue",
    "agent": "with an agent",
    "hand_over": "being handed over",
    "escalated": "escalated",
    "third_party": "with a third party",
    "customer": "with the customer",
}
#: Of the catalogue.
DIMENSIONS = {
    "speed": "Speed",
    "volume": "Volume",
    "quality": "Quality",
    "knowledge": "Knowledge",
    "contribution": "Contribution",
    "behaviour": "Behaviour",
    "cost": "Cost",
    "own": "Your own",
}
#: What takes long, by "stage axis".
BOTTLENECKS = {
    "queue team": "The queue of {name}",
    "queue category": "The queue, category {name},",
    "agent team": "Work in {name}",
    "agent category": "Work on {name}",
    "hand_over team": "Hand-over to {name}",
    "hand_over category": "Hand-over, category {name},",
    "escalated team": "Escalation to {name}",
    "escalated category": "Escalation, category {name},",
}
#: A signal as a title, for KPIs that declare none of their own. {who} is "" or " for P1".
SIGNALS = {
    "worse": "{lower}{who} got worse",
    "better": "{lower}{who} got better",
    "more": "{lower}{who} rose",
    "less": "{lower}{who} fell",
}
#: The value of the period before, by how the value moved since.
MOVES = {"alone": "", "rise": ", {before} the {step}", "fall": ", {before} the {step}"}
ASIDES = {"alone": "", "rise": "; {before} the {step}", "fall": "; {before} the {step}"}
VALUE = "{title}: {value}"
VALUE_FIELDS = "title, statistic, verdict"
#: By context.
TABLES: Mapping[str, Mapping[str, str]] = {
    "unit": UNITS, "previous period": PREVIOUS, "this period": THIS, "statistic": STATISTICS, "direction": DIRECTIONS,
    "verdict": VERDICTS, "reason": REASONS, "waiting": WHY, "stage": STAGES, "dimension": DIMENSIONS,
    "bottleneck": BOTTLENECKS,
}  # fmt: skip


def list_messages() -> Iterator[tuple[str, str, str]]:
    """Every text with its context, and the further fields that a translation may use."""
    yield from (("gap", text, "") for text in gaps.TEXTS.values())
    for context, table in TABLES.items():
        for text in table.values():
            yield context, text, "direction" if context == "verdict" else ""
    yield from (("share", text, "") for text in YES_NO)
    yield from (("signal", text, "title") for text in SIGNALS.values())
    yield from ((move, VALUE + end, VALUE_FIELDS) for move, end in ASIDES.items())


def list_kpi_messages(kpi: Kpi) -> Iterator[tuple[str, str, str]]:
    """The texts that a KPI declares, with context and further fields; what n counts is a plural without a context."""
    context = f"kpi.{kpi.id}"
    yield context, kpi.title, ""
    yield f"{context}.short", kpi.short or kpi.title, ""
    yield from ((context, variant.definition, "") for variant in kpi.variants.values())
    if kpi.outcomes != YES_NO:
        yield from ((context, text, "") for text in kpi.outcomes)
    yield from ((context, text, "title") for text in kpi.headlines.values())
    if kpi.sentence:
        yield from ((move, kpi.sentence + end, VALUE_FIELDS) for move, end in MOVES.items())
    if kpi.none_sentence:
        yield from ((move, kpi.none_sentence + ASIDES[move], VALUE_FIELDS) for move in ("alone", "fall"))


def format_value_sentence(entry: Kpi, value: float | None, move: str) -> str:
    """A value in running text, with the value of the period before if there is one; `move` is its context."""
    if value and entry.sentence:
        return entry.sentence + MOVES[move]
    return ((not value and entry.none_sentence) or VALUE) + ASIDES[move]
