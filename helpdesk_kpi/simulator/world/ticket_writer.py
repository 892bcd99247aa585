"""Writes the facts of one ticket and keeps its state, so that no fact contradicts an earlier one."""

from random import Random
from typing import Any

from helpdesk_kpi.simulator.world.clock import DAY, HOUR, MINUTE, SECOND
from helpdesk_kpi.simulator.world.facts import SYSTEM, Account, Answered, Comment, Created, Fact, Offered, Update
from helpdesk_kpi.simulator.world.plan import Plan
from helpdesk_kpi.simulator.world.support_desk import Employee, SupportDesk

CLOSE_AFTER = 4 * DAY  # Zendesk's default automation
SURVEY_AFTER = DAY
AUTO_SOLVE_AFTER = 5 * DAY
_OWN = ("via", "rule", "add_tags", "merged_into", "merged_from", "typed_by", "to_people")
_MEDIAN = {"urgent": 12 * MINUTE, "high": 45 * MINUTE, "normal": 150 * MINUTE, "low": 5 * HOUR, None: 3 * HOUR}


class TicketWriter:
    """One ticket being written. `at` is the time of its last fact, in epoch ms."""

    def __init__(self, rng: Random, plan: Plan, desk: SupportDesk, created: Created, requester: Account) -> None:
        self.rng, self.plan, self.desk, self.words = rng, plan, desk, desk.words
        self.created, self.requester = created, requester
        self.ticket = created.ticket
        self.facts: list[Fact] = [created]
        self.at = created.at
        self.state: dict[str, Any] = {
            "status": created.status,
            "priority": created.priority,
            "team": created.team,
            "assignee": created.assignee,
        } | created.by_trigger
        self.worker: Employee | None = None
        self.first_reply_at: int | None = None
        self.solved_at: int | None = None
        self.closed_at: int | None = None
        self.went_badly = False
        self.kind = "ordinary"
        self.ending = ""  # how it is reopened, if it is
        self.says_done = False  # whether the customer marks it as solved, if the last reply does not
        self.origin: TicketWriter | None = None  # the earlier ticket that this one follows, doubles or repeats

    def update(self, at: int, actor: int = SYSTEM, *, comment: Comment | None = None, **more: Any) -> None:
        """One saved edit; keywords that are not an Update's own are the changed fields."""
        own = {name: more.pop(name) for name in _OWN if name in more}
        changes = {field: value for field, value in more.items() if self.state.get(field) != value}
        self.state.update(changes)
        self.at = at
        self.facts.append(Update(ticket=self.ticket, at=at, actor=actor, comment=comment, changes=changes, **own))

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def spread(self, median: int, sigma: float = 0.7) -> int:
        """A log-normal time around `median`, in whole seconds."""
        return max(1, round(median * self.rng.lognormvariate(0, sigma) / SECOND)) * SECOND

    # --- agents

    def choose(self, at: int, work: int) -> tuple[Employee, int]:
        """The first of two agents of the team to get to it, and when."""
        team = self.state["team"]
        crew = [w for w in self.desk.workers if w.team == team and (w.left_at is None or w.left_at > at + 3 * DAY)]
        two = self.rng.sample(crew, min(2, len(crew)))
        return min(((w, self.ready(w, at, work)) for w in two), key=lambda pair: pair[1])

    def ready(self, worker: Employee, at: int, work: int) -> int:
        """When an agent who starts at `at` is done; urgent tickets are on call."""
        work = max(SECOND, round(work * worker.slowness / SECOND) * SECOND)
        return at + work if self.state["priority"] == "urgent" else worker.hours.after(at, work)

    def work(self, share: float = 1.0) -> int:
        return self.spread(round(_MEDIAN[self.state["priority"]] * share), self.plan.spread)

    def first_work(self) -> int:
        """Time until the first reply, with the plan's slowdown."""
        slow, work = self.plan.slowdown, self.work()
        if slow and self.created.at >= slow.since and slow.priority in {None, self.state["priority"]}:
            return round(work * slow.factor / SECOND) * SECOND
        return work

    def take(self) -> int:
        """An agent opens the ticket for the first time; returns when. Their first edit assigns it."""
        assigned = next((w for w in self.desk.workers if w.account == self.state["assignee"]), None)
        work = self.first_work()
        if assigned is None:
            self.worker, at = self.choose(self.at, work)
        else:
            self.worker, at = assigned, self.ready(assigned, self.at, work)
        return self._still_here(at, work)

    def next_agent_time(self, share: float = 0.7) -> int:
        """When the agent returns to it; another agent if that one has left."""
        if self.worker is None:
            return self.take()
        work = self.work(share)
        return self._still_here(self.ready(self.worker, self.at, work), work)

    def _still_here(self, at: int, work: int) -> int:
        worker = self.worker
        if worker is not None and worker.left_at is not None and at >= worker.left_at:
            self.worker, at = self.choose(max(self.at, worker.left_at), work)
        return at

    @property
    def agent(self) -> int:
        assert self.worker is not None
        return self.worker.account

    def mine(self) -> dict[str, Any]:
        """Changes by which the agent makes the ticket theirs."""
        new = self.state["status"] == "new"
        return {"assignee": self.agent} | ({"status": "open"} if new else {})

    def reply(self, at: int, text: str, **changes: Any) -> None:
        """A public reply of the agent; the first one takes the ticket."""
        self.first_reply_at = self.first_reply_at or at
        via = changes.pop("via", "web")
        article, macro = changes.pop("article", None), changes.pop("macro", False)
        says = Comment(text, article=article, macro=macro, is_question=asks(text))
        self.update(at, self.agent, comment=says, via=via, **(self.mine() | changes))
        if changes.get("status") == "solved":
            self.solved_at = at

    def note(self, at: int, text: str, actor: int | None = None, **changes: Any) -> None:
        self.update(at, actor or self.agent, comment=Comment(text, public=False), **changes)

    def solve(self, at: int, actor: int | None = None, **more: Any) -> None:
        """Solved without a comment."""
        self.update(at, self.agent if actor is None else actor, status="solved", **more)
        self.solved_at = at

    # --- customers

    def customer(self, at: int, text: str, *, thanks: bool = False) -> None:
        """A public comment of the requester; it opens a ticket that waits for them or is solved."""
        status = self.state["status"]
        opened = {"status": "open"} if status in {"pending", "hold", "solved"} else {}
        self.update(at, self.requester.id, comment=self.says(text, thanks=thanks), via=self.mail(), **opened)
        if status == "solved":
            self.solved_at = None

    def says(self, text: str, *, thanks: bool = False) -> Comment:
        return Comment(text, is_thanks=thanks, is_question=asks(text), dressing=self.wrap_text())

    def wrap_text(self) -> str:
        if not self.chance(self.plan.dressed):
            return ""
        name = self.requester.name
        return self.rng.choice((self.words.quoted, self.words.signature.format(name=name, organization="").rstrip()))

    def mail(self) -> str:
        return "email" if self.created.channel in {"email", "voice"} else "web"

    # --- afterwards

    def survey(self) -> None:
        """Offered a day after the solve, if it is still solved; answered by some, of whom some change their mind."""
        if self.solved_at is None or self.chance(1 - self.plan.survey):
            return
        offered = self.solved_at + SURVEY_AFTER
        new = self._is_new(offered)
        survey = 4_000_000 + self.ticket * 8
        self.facts.append(Offered(survey=survey, ticket=self.ticket, at=offered, new=new))
        self.at = offered
        if self.chance(self.plan.answer):
            self._answer(survey, offered, new=new)

    def _is_new(self, offered: int) -> bool:
        share = {"legacy": 2.0, "new": -1000.0, "both": 2 / 3}[self.plan.csat]
        return offered >= self.desk.start + share * (self.desk.end - self.desk.start)

    def _answer(self, survey: int, offered: int, *, new: bool) -> None:
        at = offered + min(self.spread(8 * HOUR, 1.0), 20 * DAY)
        good = self.chance(0.35 if self.went_badly else 0.82 + 0.14 * self._skill())
        self.facts.append(self._survey_answer(survey, at, good=good, new=new))
        if not new and self.chance(self.plan.changed_answer):
            self.facts.append(self._survey_answer(survey, at + self.spread(DAY), good=not good, new=False))

    def _skill(self) -> float:
        return self.worker.skill if self.worker else 0.5

    def _survey_answer(self, survey: int, at: int, *, good: bool, new: bool) -> Answered:
        text = self.rng.choice(self.words.good if good else self.words.bad) if self.chance(0.4) else None
        ratings = {"overall": 5 if good else 1}
        if new:
            low, high = (4, 5) if good else (1, 3)
            ratings = {question: self.rng.randint(low, high) for question in self.words.survey_questions}
        return Answered(survey=survey, ticket=self.ticket, at=at, ratings=ratings, comment=text)

    def close(self) -> None:
        """The helpdesk closes it four days after the solve."""
        if self.solved_at is not None and self.state["status"] == "solved":
            self.closed_at = self.solved_at + CLOSE_AFTER
            self.update(
                self.closed_at, via="rule", rule="Close ticket 4 days after status is set to solved", status="closed"
            )


def asks(text: str) -> bool:
    """Whether one of our texts is a question: all of them have a question mark."""
    return "?" in text or "？" in text
