"""Surveys and their ratings, as Freshdesk lists them.

The desk's older survey is a classic one (1 happy, 2 neutral, 3 unhappy); its newer one has several questions on the
five-point scale of 103 to -103. https://developers.freshdesk.com/api/#satisfaction-ratings
"""

from typing import Any

from helpdesk_kpi.simulator.world.clock import DAY, iso
from helpdesk_kpi.simulator.world.facts import Answered, Offered
from helpdesk_kpi.simulator.world.support_desk import BASE
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory
from helpdesk_kpi.simulator.world.world import World

Rows = list[dict[str, Any]]
CLASSIC, NEWER, UNUSED = BASE + 461, BASE + 465, BASE + 469
SCALE = {5: 103, 4: 102, 3: 100, 2: -102, 1: -103}
HAPPY, NEUTRAL, UNHAPPY = 1, 2, 3
_SEVEN = (103, 102, 101, 100, -101, -102, -103)
_QUESTIONS = BASE + 471


def question_id(world: World, question: str) -> str:
    """The first question of a survey has a name, the others have numbers."""
    place = list(world.desk.words.survey_questions).index(question)
    return f"question_{_QUESTIONS + place}" if place else "default_question"


def surveys(world: World) -> Rows:
    """One is in use; the others are still listed, since old ratings belong to them."""
    newer = any(o.new and o.at <= world.now for story in world.stories.values() for o in story.offered)
    labels = world.desk.words.survey_questions
    questions = [_question(question_id(world, key), label, list(SCALE.values())) for key, label in labels.items()]
    first = labels["overall"]
    return [
        _survey(world, CLASSIC, "Classic", active=not newer, questions=[
            _question("default_question", first, [HAPPY, NEUTRAL, UNHAPPY])
        ]),
        _survey(world, NEWER, "Support quality", active=newer, questions=questions),
        _survey(world, UNUSED, "Default Survey", active=False, questions=[
            _question("default_question", first, list(_SEVEN))
        ]),
    ]  # fmt: skip


def _survey(world: World, number: int, title: str, *, active: bool, questions: Rows) -> dict[str, Any]:
    made = iso(world.desk.start - 400 * DAY)
    return {"id": number, "title": title, "active": active, "created_at": made, "updated_at": made,
            "questions": questions}  # fmt: skip


def _question(name: str, label: str, accepted: list[int]) -> dict[str, Any]:
    row = {"id": name, "label": label, "accepted_ratings": accepted}
    return row | ({"default": True} if name == "default_question" else {})


def ratings(world: World, stories: list[TicketHistory]) -> Rows:
    """Answered surveys as of now, oldest first; sent ones are not shown."""
    found = [
        (answers, offered, story)
        for story in stories
        for offered in story.offered
        if (answers := [a for a in story.answered if a.survey == offered.survey and a.at <= world.now])
    ]
    found.sort(key=lambda row: (row[0][0].at, row[1].survey))
    return [_rating(world, story, offered, answers) for answers, offered, story in found]


def _rating(world: World, story: TicketHistory, offered: Offered, answers: list[Answered]) -> dict[str, Any]:
    """A changed answer keeps the time of the first one; the agent is who had the ticket at that time."""
    first, last = answers[0], answers[-1]
    state = story.state(first.at)
    return {
        "id": offered.survey, "survey_id": NEWER if offered.new else CLASSIC, "user_id": story.created.requester,
        "agent_id": state["assignee"], "feedback": last.comment, "group_id": state["team"], "ticket_id": story.ticket,
        "created_at": iso(first.at), "updated_at": iso(last.at), "ratings": _scores(world, last, new=offered.new),
    }  # fmt: skip


def _scores(world: World, answer: Answered, *, new: bool) -> dict[str, int]:
    if not new:
        overall = answer.ratings["overall"]
        return {"default_question": HAPPY if overall > 3 else NEUTRAL if overall == 3 else UNHAPPY}
    return {question_id(world, question): SCALE[rating] for question, rating in answer.ratings.items()}
