"""Tickets as Zendesk shows them, with the metric sets that it computes."""

from bisect import bisect_right
from typing import Any

import msgspec

from helpdesk_kpi.simulator.world.clock import DAY, MINUTE, SECOND, iso
from helpdesk_kpi.simulator.world.facts import SYSTEM, Call, Chat, Created, Deleted, Redacted, Viewed
from helpdesk_kpi.simulator.world.support_desk import BASE, CATEGORY_FIELD
from helpdesk_kpi.simulator.world.ticket_history import DONE, TicketHistory, TicketUpdate, state_after
from helpdesk_kpi.simulator.world.world import World
from helpdesk_kpi.simulator.zendesk import time_tracking as hours
from helpdesk_kpi.simulator.zendesk.vocabulary import CUSTOM_STATUS, via

HELD_BACK = 60 * SECOND
"""Exports leave out the most recent minute."""
COMPUTED_AFTER = 5 * MINUTE  # the metric set of a ticket that has just changed is null
_encode = msgspec.json.Encoder().encode


class ZendeskTickets:
    """All tickets as of the world's now, in the order of the incremental export."""

    def __init__(self, world: World, base: str) -> None:
        self.world, self.base = world, base
        self.stamps = {number: _stamps(story) for number, story in world.stories.items()}
        self.followed = _follow_ups(world)
        self._at: int | None = None
        self._index: list[tuple[int, int]] = []
        self._rows: dict[tuple[int, bool], tuple[int, msgspec.Raw]] = {}

    def index(self) -> list[tuple[int, int]]:
        """(generated timestamp in seconds, id) of everything that the export shows now."""
        now = self.world.now
        if self._at != now:
            self._index = sorted(
                (stamp // SECOND, number)
                for number, story in self.world.stories.items()
                if (stamp := self.stamp(story, now)) is not None and stamp <= now - HELD_BACK
            )
            self._at = now
        return self._index

    def stamp(self, story: TicketHistory, now: int) -> int | None:
        """When the row was last written (generated_timestamp, in ms); None: it is not there yet."""
        times, stamps = self.stamps[story.ticket]
        n = bisect_right(times, now)
        return stamps[n - 1] if n else None

    def row(self, number: int, *, metric_sets: bool) -> msgspec.Raw:
        """One ticket in JSON, made once for each state of it."""
        story = self.world.stories[number]
        stamp = self.stamp(story, self.world.now)
        assert stamp is not None
        fresh = metric_sets and self.world.now - stamp < COMPUTED_AFTER
        kept = self._rows.get((number, metric_sets))
        if kept and kept[0] == stamp and not fresh:
            return kept[1]
        raw = msgspec.Raw(_encode(self.ticket(story, stamp, metric_sets=metric_sets)))
        if not fresh:
            self._rows[number, metric_sets] = (stamp, raw)
        return raw

    def ticket(self, story: TicketHistory, stamp: int, *, metric_sets: bool) -> dict[str, Any]:
        now, created = self.world.now, story.created
        gone = story.deleted_at is not None and story.deleted_at <= now
        scrubbed = story.scrubbed_at is not None and story.scrubbed_at <= now
        saves = story.until(now)
        state = state_after(saves)
        status = "deleted" if gone else state["status"]
        form, brand = state["form"], state["brand"]
        fields = (
            [] if scrubbed else [{"id": CATEGORY_FIELD, "value": state["category"]}, *hours.values(self.world, story)]
        )
        subject = "SCRUBBED" if scrubbed else created.subject
        shown = {
            "url": f"{self.base}/api/v2/tickets/{story.ticket}.json",
            "id": story.ticket,
            "external_id": None,
            "via": self._via(created),
            "created_at": iso(created.at),
            "updated_at": iso(_updated(story, now)),
            "generated_timestamp": stamp // SECOND,
            "type": state["type"],
            "subject": subject,
            "raw_subject": subject,
            "description": "X" if scrubbed else created.comment.text,
            "priority": state["priority"],
            "status": status,
            "custom_status_id": CUSTOM_STATUS.get("solved" if status == "closed" else status),
            "recipient": f"support@{self.world.desk.words.domain}" if created.channel == "email" else None,
            "requester_id": created.requester,
            "submitter_id": created.submitter or created.requester,
            "assignee_id": None if scrubbed else state["assignee"],
            "organization_id": self.world.accounts[created.requester].organization,
            "group_id": state["team"],
            "collaborator_ids": [],
            "follower_ids": [],
            "email_cc_ids": [],
            "forum_topic_id": None,
            "problem_id": created.problem,
            "has_incidents": state["type"] == "problem",
            "is_public": created.comment.public,
            "due_at": None,
            "tags": [] if scrubbed else _tags(story, saves),
            "custom_fields": fields,
            "satisfaction_rating": self._satisfaction(story),
            "sharing_agreement_ids": [],
            "fields": fields,
            "followup_ids": [n for at, n in self.followed.get(story.ticket, ()) if at <= now],
            "ticket_form_id": form,
            "brand_id": brand,
            "allow_channelback": False,
            "allow_attachments": True,
            "from_messaging_channel": created.channel == "native_messaging",
            "support_type": "ai_agent" if story.is_ai_agents(now) else "agent",
            "encoded_id": f"SIM-{story.ticket:06}",
        }
        if metric_sets and not gone:
            shown["metric_set"] = self._metric_set(story, saves, state) if now - stamp >= COMPUTED_AFTER else None
        return shown

    def _via(self, created: Created) -> dict[str, Any]:
        if created.follow_up_of is None:
            return via(created.channel)
        came = {"ticket_id": created.follow_up_of, "subject": created.subject, "channel": "web"}
        return via(created.channel, None, {"from": came, "rel": "follow_up"})

    def _satisfaction(self, story: TicketHistory) -> dict[str, Any] | None:
        if "csat" in self.world.plan_without:
            return None
        now = self.world.now
        offered = [o for o in story.offered if o.at <= now]
        if not offered:
            return {"score": "unoffered"}
        answers = [a for a in story.answered if a.survey == offered[-1].survey and a.at <= now]
        if not answers:
            return {"score": "offered"}
        score = {"score": "good" if answers[-1].ratings["overall"] > 3 else "bad"}
        return score if offered[-1].new else score | {"id": offered[-1].survey, "comment": answers[-1].comment}

    def _metric_set(self, story: TicketHistory, saves: list[TicketUpdate], state: dict[str, Any]) -> dict[str, Any]:
        """https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metrics/"""
        now, created = self.world.now, story.created
        solves = [s.at for s in saves if _is_solve(s)]
        replies = [s for s in saves[1:] if is_agent_reply(self.world, s)]
        assigned = [s.at for s in saves if s.changes.get("assignee")]
        teams = [s for s in saves if s.changes.get("team")]
        customer = [s.at for s in saves if s.fact.comment and _author(s) == created.requester]
        done = state["status"] in DONE
        reopened = sum(s.before.get("status") in DONE and s.changes["status"] not in DONE for s in saves)
        return {
            "url": f"{self.base}/api/v2/ticket_metrics/{BASE + story.ticket}.json",
            "id": BASE + story.ticket,
            "ticket_id": story.ticket,
            "created_at": iso(created.at),
            "updated_at": iso(_updated(story, now)),
            "group_stations": len(teams),
            "assignee_stations": len(assigned),
            "reopens": reopened,
            "replies": len(replies),
            "assignee_updated_at": iso(assigned[-1]) if assigned else None,
            "requester_updated_at": iso(customer[-1]) if customer else iso(created.at),
            "status_updated_at": iso(next(s.at for s in reversed(saves) if "status" in s.changes)),
            "initially_assigned_at": iso(assigned[0]) if assigned else None,
            "assigned_at": iso(assigned[-1]) if assigned else None,
            "solved_at": iso(solves[-1]) if solves and done else None,
            "latest_comment_added_at": iso(next(s.at for s in reversed(saves) if s.fact.comment)),
            "reply_time_in_minutes": self._minutes(story, created.at, replies[0].at if replies else None),
            "first_resolution_time_in_minutes": self._minutes(story, created.at, solves[0] if solves else None),
            "full_resolution_time_in_minutes": self._minutes(
                story, created.at, solves[-1] if solves and done else None
            ),
        } | self._waits(story, saves)

    def _minutes(self, story: TicketHistory, start: int, end: int | None) -> dict[str, int | None]:
        """Nearest minute, both clocks; the whole span on the schedule of its end."""
        if end is None:
            return {"calendar": None, "business": None}
        worked = self.world.hours_of(story, end).between(start, end)
        return {"calendar": _nearest(end - start), "business": _nearest(worked)}

    def _waits(self, story: TicketHistory, saves: list[TicketUpdate]) -> dict[str, dict[str, int | None]]:
        """Time in states, counted on leaving them; solved counts where the ticket was reopened."""
        waits: dict[str, dict[str, int | None]] = {
            "agent_wait_time_in_minutes": {"calendar": None, "business": None},
            "requester_wait_time_in_minutes": {"calendar": None, "business": None},
            "on_hold_time_in_minutes": {"calendar": 0, "business": 0},
        }
        status, since = "", 0
        for save in saves:
            if "status" in save.changes:
                for name in _WAITS.get(status, ()) if save.changes["status"] != "closed" else ():
                    spent, wait = self._minutes(story, since, save.at), waits[name]
                    waits[name] = {clock: (wait[clock] or 0) + (spent[clock] or 0) for clock in wait}
                status, since = save.changes["status"], save.at
        return waits


def _author(save: TicketUpdate) -> int:
    fact = save.fact
    return fact.requester if isinstance(fact, Created) else fact.actor


def is_agent_reply(world: World, save: TicketUpdate) -> bool:
    """A public comment by an account that is an agent's, as Zendesk counts replies; bots and rules are none."""
    author, comment = _author(save), save.fact.comment
    if comment is None or not comment.public or author == SYSTEM:
        return False
    account = world.accounts[author]
    return not account.bot and account.role_at(save.at) != "customer"


def _nearest(ms: int) -> int:
    return (ms + MINUTE // 2) // MINUTE


def _is_solve(save: TicketUpdate) -> bool:
    return save.changes.get("status") in DONE and save.before.get("status") not in DONE


def _stamps(story: TicketHistory) -> tuple[list[int], list[int]]:
    """Times of all writes of the row, and the generated timestamps that they gave it: up to three seconds later."""
    times = [fact.at for fact in story.facts if not isinstance(fact, Redacted | Viewed | Deleted)]
    times += story.touched
    times += [at for at in (story.deleted_at, story.scrubbed_at) if at is not None]
    times.sort()
    stamps: list[int] = []
    for i, at in enumerate(times):
        later = at + (story.ticket * 7 + i) % 4 * SECOND
        stamps.append(max(later, stamps[-1] if stamps else 0))
    return times, stamps


def _follow_ups(world: World) -> dict[int, list[tuple[int, int]]]:
    found: dict[int, list[tuple[int, int]]] = {}
    for number, story in world.stories.items():
        if story.created.follow_up_of is not None:
            found.setdefault(story.created.follow_up_of, []).append((story.created.at, number))
    return found


def _updated(story: TicketHistory, now: int) -> int:
    """Only what makes a ticket event moves updated_at; touching, scrubbing, calls and chats do not."""
    return max(fact.at for fact in story.facts if fact.at <= now and not isinstance(fact, _SILENT))


def _tags(story: TicketHistory, saves: list[TicketUpdate]) -> list[str]:
    added = [tag for save in saves[1:] for tag in getattr(save.fact, "add_tags", ())]
    return sorted({*story.created.tags, *added})


_SILENT = (Redacted, Viewed, Call, Chat)
_REQUESTER, _HOLD = "requester_wait_time_in_minutes", "on_hold_time_in_minutes"
_WAITS = {
    "new": (_REQUESTER,),
    "open": (_REQUESTER,),
    "hold": (_REQUESTER, _HOLD),
    "solved": (_REQUESTER,),
    "pending": ("agent_wait_time_in_minutes",),
}
DELETED_FOR = 30 * DAY


def deleted_tickets(world: World) -> list[dict[str, Any]]:
    """Soft-deleted ones, for thirty days."""
    return [
        {
            "id": story.ticket,
            "subject": story.created.subject,
            "description": story.created.comment.text,
            "actor": {"id": gone.actor, "name": world.accounts[gone.actor].name},
            "deleted_at": iso(gone.at),
            "previous_state": story.state(gone.at)["status"],
        }
        for story in world.stories.values()
        if (gone := story.deleted) and gone.at <= world.now < gone.at + DELETED_FOR
    ]
