"""Surveys, old and new, calls and messaging sessions, as Zendesk lists them."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from helpdesk_kpi.simulator.world.clock import DAY, SECOND, iso
from helpdesk_kpi.simulator.world.facts import Answered, Call, Chat, Offered
from helpdesk_kpi.simulator.world.world import World

SURVEY_EXPIRES = 28 * DAY
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_QUESTION_TYPES = {"overall": "customer_satisfaction"}
Rows = list[dict[str, Any]]


def ratings(world: World, base: str, start: int, end: int) -> Rows:
    """The older survey: one row each, offered until it is answered; newest last. By time of creation, in seconds."""
    rows = []
    for offered, answers in surveys(world, new=False):
        if not start <= offered.at // SECOND <= end:
            continue
        story = world.stories[offered.ticket]
        last = answers[-1] if answers else None
        state = story.state(last.at if last else offered.at)
        rows.append({
            "id": offered.survey, "url": f"{base}/api/v2/satisfaction_ratings/{offered.survey}.json",
            "assignee_id": state["assignee"], "group_id": state["team"], "requester_id": story.created.requester,
            "ticket_id": offered.ticket, "score": _score(last), "comment": last.comment if last else None,
            "reason": "No reason provided" if last else None, "reason_id": 0 if last else None,
            "created_at": iso(offered.at), "updated_at": iso(last.at if last else offered.at),
        })  # fmt: skip
    return rows


def _score(answer: Answered | None) -> str:
    return "offered" if answer is None else "good" if answer.ratings["overall"] > 3 else "bad"


def surveys(world: World, *, new: bool) -> list[tuple[Offered, list[Answered]]]:
    """Surveys offered by now, in order, with their answers up to now."""
    found = [
        (offered, [a for a in story.answered if a.survey == offered.survey and a.at <= world.now])
        for story in world.stories.values()
        for offered in story.offered
        if offered.new == new and offered.at <= world.now
    ]
    return sorted(found, key=lambda pair: (pair[0].at, pair[0].survey))


def survey_responses(world: World, start: int, end: int) -> Rows:
    """The newer survey; unanswered ones have no answers. The id is a ULID of the moment of the offer (ms)."""
    rows = []
    for offered, answers in surveys(world, new=True):
        if not start <= offered.at <= end:
            continue
        zrn = f"zen:ticket:{offered.ticket}"
        rows.append({
            "id": ulid(offered.at, offered.survey), "expires_at": _ms(offered.at + SURVEY_EXPIRES),
            "responder_id": world.stories[offered.ticket].created.requester, "subject_zrns": [zrn],
            "subjects": [{"id": str(offered.ticket), "type": "ticket", "zrn": zrn}],
            "survey": {"id": ulid(world.desk.start, 1), "version": 3, "state": "enabled"},
            "answers": _answers(world, answers),
        })  # fmt: skip
    return rows


def definitions(world: World) -> Rows:
    """The newer survey's questions with their texts. How a text is wrapped is not verified against a real account."""
    made = _ms(world.desk.start)
    questions = [
        _question(world, i, name) | {"headline": {"type": "text", "value": text}}
        for i, (name, text) in enumerate(world.desk.words.survey_questions.items())
    ]
    return [{"id": ulid(world.desk.start, 1), "version": 3, "state": "enabled", "created_at": made,
             "updated_at": made, "questions": questions}]  # fmt: skip


def _question(world: World, place: int, name: str) -> dict[str, Any]:
    return {"id": ulid(world.desk.start, 10 + place), "type": "rating_scale_numeric", "alias": name,
            "sub_type": _QUESTION_TYPES.get(name, "other")}  # fmt: skip


def _answers(world: World, answers: list[Answered]) -> Rows:
    if not answers:
        return []
    first, last = answers[0], answers[-1]
    times = {"created_at": _ms(first.at), "updated_at": _ms(last.at)}
    rows: Rows = []
    for i, (question, rating) in enumerate(last.ratings.items()):
        question_row = _question(world, i, question)
        category = "good" if rating > 3 else "neutral" if rating == 3 else "bad"
        rows.append(
            {"type": "rating_scale", "rating": rating, "rating_category": category, "question": question_row} | times
        )
    opinion = {"question": {"id": ulid(world.desk.start, 20), "type": "open_ended"}} | times
    said = {"type": "open_ended", "value": last.comment} if last.comment else {"type": "skipped"}
    return [*rows, said | opinion]


def ulid(at: int, number: int) -> str:
    """26 characters: 48 bits of ms, 80 bits that are random elsewhere and the number here. https://github.com/ulid/spec"""
    bits = at << 80 | number
    return "".join(_CROCKFORD[bits >> shift & 31] for shift in range(125, -1, -5))


def _ms(at: int) -> str:
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def call(fact: Call, customer: int) -> dict[str, Any]:
    wait = ((fact.answered_at or fact.ended_at) - fact.at) // SECOND
    talked = (fact.ended_at - fact.answered_at) // SECOND if fact.answered_at else 0
    return {
        "id": fact.id, "ticket_id": fact.ticket, "agent_id": fact.agent, "customer_id": customer,
        "direction": "inbound",
        "line_type": "phone", "call_channel": "phone", "phone_number": "+493012345678", "call_group_id": None,
        "completion_status": "completed" if fact.answered_at or fact.voicemail else "abandoned_in_queue",
        "voicemail": fact.voicemail, "created_at": iso(fact.at), "updated_at": iso(fact.ended_at),
        "duration": (fact.ended_at - fact.at) // SECOND, "wait_time": wait, "talk_time": talked, "hold_time": 0,
        "time_to_answer": wait if fact.answered_at else None, "wrap_up_time": 0, "callback": False, "overflowed": False,
        "minutes_billed": talked // 60 + 1, "call_charge": "0.062", "quality_issues": ["none"],
    }  # fmt: skip


def session_id(fact: Chat) -> str:
    """32 hexadecimal digits, in no order."""
    return hashlib.sha256(f"session {fact.id}".encode()).hexdigest()[:32].upper()


def engagement(world: World, fact: Chat) -> dict[str, Any]:
    """Times without a zone; what the agent wrote is counted, and only the first reply is timed.

    A session without a reply has a reply time of 0 and waits as long as it lasts, as recorded.
    """
    story = world.stories[fact.ticket]
    first = (fact.replied_at - fact.at) // SECOND if fact.replied_at is not None else 0
    wrote = 0 if fact.replied_at is None else 3 + fact.ticket % 5
    waited = first if fact.replied_at is not None else (fact.ended_at - fact.at) // SECOND
    return {
        "engagement_id": session_id(fact), "ticket_id": fact.ticket, "agent_id": fact.agent,
        "group_id": story.state(fact.at)["team"], "requester_id": story.created.requester,
        "offer_time_seconds": (fact.at - story.created.at) // SECOND, "assignment_to_first_reply_time_seconds": first,
        "agent_messages_count": wrote, "agent_replies_count": wrote and 1 + wrote // 2,
        "total_requester_wait_time_seconds": waited, "longest_requester_wait_time_seconds": waited,
        "channel": "MESSAGING", "engagement_start_reason": "Assigned", "engagement_start_time": iso(fact.at)[:-1],
        "engagement_end_time": iso(fact.ended_at)[:-1], "ticket_status_start": "OPEN", "ticket_status_end": "SOLVED",
        "engagement_end_reason": "Unknown Remove", "average_requester_wait_time_seconds": waited,
        "end_user_messages_count": 1 + fact.ticket % 4,
    }  # fmt: skip
