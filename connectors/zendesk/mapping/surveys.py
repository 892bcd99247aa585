"""Both kinds of surveys as ratings. An account uses one at a time; ratings of the other stay readable."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.mapping.tickets import text_id
from connectors.zendesk.payloads import Question, ms
from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.model import Name, Rating, Unread
from helpdesk_kpi.pull.contract import RejectedRow, Todo
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, get_reason, read_each
from helpdesk_kpi.store.unread import refused_rating

QUEUE = "rating_answers"  # the stream that fetches answers by id
OFFERED, UNOFFERED = "offered", "unoffered"  # scores of the older survey without an answer
LIFETIME = 28 * DAY  # an answer may be changed that long; https://support.zendesk.com/hc/en-us/articles/4408886173338
_MAIN = "customer_satisfaction"  # sub_type of the question that asks for satisfaction
_CATEGORIES: dict[str, Literal["good", "neutral", "bad"]] = {"good": "good", "neutral": "neutral", "bad": "bad"}
_SCORES = {"good": 1.0, "neutral": 0.5, "bad": 0.0}
_CROCKFORD = {sign: number for number, sign in enumerate("0123456789ABCDEFGHJKMNPQRSTVWXYZ")}


def parse_category(score: Any) -> Literal["good", "neutral", "bad"] | None:
    """Category of an answer of the older survey, with or without a comment; None: no answer.

    >>> [parse_category(score) for score in ("good", "bad_with_comment", "badwithcomment", "offered")]
    ['good', 'bad', 'bad', None]
    """
    plain = score.lower().replace("_", "") if isinstance(score, str) else ""
    return _CATEGORIES.get(plain.removesuffix("withcomment").removesuffix("withoutcomment"))


def queue_answers(tickets: Sequence[zd.Ticket]) -> dict[str, list[Todo]]:
    """Queue the answers that the tickets refer to, by rating and score: a changed answer is another entry."""
    answered = [row for row in tickets if get_answer_key(row)]
    dated, _ = read_each(answered, lambda row: zd.ms(row.updated_at))
    keys = [Todo(at, key) for row, at in dated if (key := get_answer_key(row))]
    return {QUEUE: keys} if keys else {}


def get_answer_key(row: zd.Ticket) -> str | None:
    """Id and score of the ticket's rating as a key; None: no answer."""
    rating = row.satisfaction_rating
    if not isinstance(rating, dict) or not isinstance(rating.get("id"), int):
        return None
    score = parse_category(rating.get("score"))
    return f"{rating['id']}/{score}" if score else None


def map_satisfaction_rating(row: zd.SatisfactionRating, *, comments: bool) -> list[Rating]:
    """Map a row of /satisfaction_ratings; empty if no survey was offered. See `find_unknown_score`."""
    if row.score == UNOFFERED:
        return []
    found = parse_category(row.score)
    answered = ms(row.updated_at) if found else None
    return [
        Rating(
            id=str(row.id),
            ticket=str(row.ticket_id),
            offered_at=ms(row.created_at or row.updated_at),
            version=ms(row.updated_at),
            value=row.score if found else None,
            scale="good/bad",
            category=found,
            score=_SCORES[found] if found else None,
            answered_at=answered,
            changed_at=answered,  # the row has the time of its last edit only
            agent=text_id(row.assignee_id),
            rater=text_id(row.requester_id),
            reason=row.reason if found else None,
            comment=row.comment if comments and found else None,
        )
    ]


def find_unknown_score(row: zd.SatisfactionRating) -> Unread | None:
    """Report an unknown score: the survey was offered, and this may be an answer."""
    if row.score in {OFFERED, UNOFFERED} or parse_category(row.score):
        return None
    return refused_rating(str(row.ticket_id), str(row.id), f"score {row.score}")


def map_survey_response(row: zd.SurveyResponse, *, comments: bool) -> list[Rating]:
    """Map a newer survey: one rating for each question on a scale.

    The satisfaction question always has one, with `question=""` like the only question of an older survey.
    """
    ticket = get_ticket(row)
    if ticket is None:
        return []
    answers, _ = decode_answers(row)
    comment = next((a.value for a in answers if a.type == "open_ended" and isinstance(a.value, str)), None)
    by_question = {_get_question_key(a.question): a for a in answers if _is_on_scale(a)}
    return [
        _map_rating(row, ticket, question, by_question.get(question), comment if comments and not question else None)
        for question in dict.fromkeys(["", *by_question])
    ]


def get_ticket(row: zd.SurveyResponse) -> str | None:
    return next((text_id(subject.id) for subject in row.subjects or () if subject.type == "ticket"), None)


def find_unread_answer(row: zd.SurveyResponse) -> Unread | None:
    """Report an unknown answer to the satisfaction question: one answer is unreadable, and no other is to it."""
    ticket, (answers, bad) = get_ticket(row), decode_answers(row)
    if ticket is None or not bad or any(_is_on_scale(a) and not _get_question_key(a.question) for a in answers):
        return None
    return refused_rating(ticket, row.id, bad[0].reason)


def decode_answers(row: zd.SurveyResponse) -> tuple[list[zd.Answer], list[RejectedRow]]:
    """Decode the answers one by one, so that an unreadable one does not affect the others."""
    answers: list[zd.Answer] = []
    rejected: list[RejectedRow] = []
    for position, raw in enumerate(row.answers or ()):
        try:
            answers.append(msgspec.convert(raw, zd.Answer))
        except UNREADABLE_ERRORS as error:
            rejected.append(RejectedRow(f"{row.id} answer {position}", get_reason(error)))
    return answers, rejected


def map_questions(row: dict[str, Any]) -> list[Name]:
    """Names of the questions of one survey, by the ids that answers have; the main question needs none.

    The shape of a headline is not verified: a text, or an object with a text.
    https://developer.zendesk.com/api-reference/ticketing/ticket-management/csat_surveys/
    """
    names = []
    for raw in row.get("questions") or []:
        question = msgspec.convert(raw, Question)
        text = _find_text(raw.get("headline"))
        if _get_question_key(question) and text:
            names.append(Name("question", _get_question_key(question), text))
    return names


def _find_text(value: Any) -> str | None:
    if isinstance(value, dict):
        return next(
            (text for key in ("value", "text", "content", "title") if (text := _find_text(value.get(key)))), None
        )
    return value.strip() or None if isinstance(value, str) else None


def _map_rating(
    row: zd.SurveyResponse, ticket: str, question: str, answer: zd.Answer | None, comment: str | None
) -> Rating:
    is_answered = answer is not None and answer.rating is not None
    offered = get_offer_time(row)
    created, updated = (_ms(answer.created_at), _ms(answer.updated_at)) if answer else (None, None)
    answered = (created or updated or offered) if is_answered else None
    category = _CATEGORIES.get(answer.rating_category or "") if answer and is_answered else None
    return Rating(
        id=row.id,
        ticket=ticket,
        offered_at=offered,
        version=updated or created or offered,
        question=question,
        value=str(answer.rating) if answer and is_answered else None,
        scale=answer.question.type if answer else None,
        category=category,
        score=_SCORES[category] if category else None,
        answered_at=answered,
        changed_at=updated if is_answered and updated != answered else None,
        expires_at=_ms(row.expires_at),
        rater=text_id(row.responder_id),
        comment=comment if is_answered else None,
    )


def _is_on_scale(answer: zd.Answer) -> bool:
    """Whether the answer is to a question on a scale. Skipped questions count: they were offered."""
    return answer.type == "rating_scale" or (answer.question.type or "").startswith("rating_scale")


def _get_question_key(question: zd.Question) -> str:
    return "" if question.sub_type == _MAIN else question.alias or question.id


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else ms(moment)


def get_offer_time(row: zd.SurveyResponse) -> int:
    """When the survey was offered: the time in its id, a ULID else 28 days before expiry. Epoch ms.

    The first 10 characters of a ULID are 48 bits of ms.

    https://github.com/ulid/spec
    """
    head = row.id[:10].upper()
    if len(row.id) == 26 and all(sign in _CROCKFORD for sign in head):
        at = 0
        for sign in head:
            at = at * 32 + _CROCKFORD[sign]
        return at
    times = [t for a in decode_answers(row)[0] if (t := _ms(a.created_at))]
    expires = _ms(row.expires_at)
    return min([*times, *([expires - LIFETIME] if expires else [])], default=0)
