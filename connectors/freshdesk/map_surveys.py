"""Satisfaction ratings: one row for each answered survey, one rating for each question.

The API does not have the surveys that were sent, so the response rate is unknown.
https://developers.freshdesk.com/api/#satisfaction-ratings
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from connectors.freshdesk import payloads as fd
from connectors.freshdesk.payloads import ms, text_id
from helpdesk_kpi.model import Name, Rating
from helpdesk_kpi.pull.contract import RejectedRow

Category = Literal["good", "neutral", "bad"]
MAIN_QUESTION = "default_question"
#: Surveys of the older kind.
CLASSIC: dict[int, tuple[Category, float]] = {1: ("good", 1.0), 2: ("neutral", 0.5), 3: ("bad", 0.0)}
#: All points; a question accepts three, five or seven of them.
POINTS = (-103, -102, -101, 100, 101, 102, 103)
_NEUTRAL = 100
_POINT, _FAR = re.compile(r"[+-]?\d{1,4}"), 10_000


def map_ratings(row: fd.SatisfactionRating, surveys: Mapping[str, fd.Survey], *, comments: bool) -> list[Rating]:
    at = ms(row.created_at)
    if at is None:
        raise ValueError(f"created_at {row.created_at!r} is no time")
    changed = ms(row.updated_at) or at
    scales = _list_scales(surveys.get(text_id(row.survey_id) or ""))
    ratings = []
    for question, answer in (row.ratings or {}).items():
        points = parse_point(answer)
        if points is None:  # not answered, or reported by `list_unread_answers`
            continue
        category, score = score_rating(points, scales.get(question, ()))
        ratings.append(
            Rating(
                id=str(row.id),
                ticket=str(row.ticket_id),
                offered_at=at,
                version=changed,
                question=get_question_key(question),
                value=str(points),
                scale=_describe_scale(points, scales.get(question, ())),
                category=category,
                score=score,
                answered_at=at,
                changed_at=changed if changed != at else None,
                agent=text_id(row.agent_id),
                rater=text_id(row.user_id),
                comment=row.feedback if comments and question == MAIN_QUESTION else None,
            )
        )
    return ratings


def list_unread_answers(row: fd.SatisfactionRating) -> list[RejectedRow]:
    """Answers that are no point of any scale. The other answers of the same survey stay valid."""
    return [
        RejectedRow(f"{row.id} {question[:80]}", "the answer is no point of a scale")
        for question, answer in (row.ratings or {}).items()
        if answer is not None and parse_point(answer) is None
    ]


def parse_point(value: Any) -> int | None:
    """A point of a scale from a number or a text; None for anything else.

    >>> [parse_point(value) for value in (103, "-103", 100.0, None, "n/a", True)]
    [103, -103, 100, None, None, None]
    """
    if isinstance(value, str) and _POINT.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or int(value) != value:
        return None
    return int(value) if abs(value) < _FAR else None


def get_question_key(question: str) -> str:
    """Key of a question: "" for the main one, else its number."""
    return "" if question == MAIN_QUESTION else question.removeprefix("question_")


def map_questions(row: fd.Survey) -> list[Name]:
    return [
        Name("question", get_question_key(str(question.id)), " ".join(question.label.split()))
        for question in row.questions or ()
        if question.label and str(question.id) != MAIN_QUESTION
    ]


def score_rating(points: int, accepted: Sequence[int]) -> tuple[Category | None, float | None]:
    """Category of a rating, and its place between the worst (0) and the best (1) point that the question accepts.

    Accepted ratings are in any order; without them all seven points count. An unknown point has no category.

    >>> score_rating(103, [103, 100, -103]), score_rating(100, [103, 100, -103])
    (('good', 1.0), ('neutral', 0.5))
    >>> score_rating(-101, ()), score_rating(3, [1, 2, 3])
    (('bad', 0.3333333333333333), ('bad', 0.0))
    """
    if points in CLASSIC:
        return CLASSIC[points]
    scale = sorted(point for point in accepted if point in POINTS) or list(POINTS)
    if points not in scale:
        scale = list(POINTS)
    if points not in scale:
        return None, None
    category: Category = "good" if points > _NEUTRAL else "neutral" if points == _NEUTRAL else "bad"
    return category, scale.index(points) / (len(scale) - 1)


def _list_scales(survey: fd.Survey | None) -> dict[str, list[int]]:
    questions = (survey.questions if survey else None) or []
    return {
        str(question.id): [
            point for rating in question.accepted_ratings or () if (point := parse_point(rating)) is not None
        ]
        for question in questions
    }


def _describe_scale(points: int, accepted: Sequence[int]) -> str:
    """Text of a scale, like "3 points"."""
    if points in CLASSIC:
        return "happy/neutral/unhappy"
    return f"{len(accepted) or len(POINTS)} points"
