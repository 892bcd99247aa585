"""All issues of the desk, their fields made once for each state of an issue."""

from collections.abc import Iterable
from typing import Any

import msgspec

from helpdesk_kpi.simulator.jira.history import SimulatedIssueHistory, software
from helpdesk_kpi.simulator.jira.issue_view import FIELDS, FIRST_ISSUE, MISSING, IssueView
from helpdesk_kpi.simulator.jira.site import SimulatedSite

_encode = msgspec.json.Encoder().encode


class Issues:
    """All issues of the site by ticket number. Two are in a project that is no service desk and are not tickets."""

    def __init__(self, site: SimulatedSite) -> None:
        self.site, self.world = site, site.world
        stories = [*self.world.stories.values(), *software(site)]
        self.tracks = {story.ticket: SimulatedIssueHistory(site, story) for story in stories}
        self.by_key = {key: number for number, track in self.tracks.items() for key in track.all_keys()}
        self._made: dict[int, tuple[Any, dict[str, msgspec.Raw | None]]] = {}
        self._gone = (-1, 0)

    def find(self, id_or_key: str) -> int | None:
        """The ticket that an id, a key or an old key leads to, if it can be seen now."""
        number = self.by_key.get(id_or_key.upper())
        if number is None and id_or_key.isdigit():
            number = int(id_or_key) - FIRST_ISSUE
        seen = number in self.tracks and self.tracks[number].there(self.world.now)
        return number if seen else None

    def view(self, number: int) -> IssueView:
        return IssueView(self.site, self.tracks, number)

    def fields(self, number: int, names: Iterable[str]) -> dict[str, msgspec.Raw]:
        """Fields in JSON, made once for each state of the issue; it lacks those that are not on its screen."""
        kept, view = self._kept(number), self.view(number)
        for name in names:
            if name not in kept:
                given = FIELDS[name](view)
                kept[name] = None if given is MISSING else msgspec.Raw(_encode(given))
        return {name: raw for name in names if (raw := kept[name]) is not None}

    def _kept(self, number: int) -> dict[str, msgspec.Raw | None]:
        """What runs with the clock, and what shows who is still here, is made anew when time goes on."""
        story, now = self.tracks[number].story, self.world.now
        running = story.state(now)["status"] != "closed"
        answers = sum(answer.at <= now for answer in story.answered)
        version = (
            self.tracks[number].updated(now), answers, running and now, self._left(), frozenset(self.world.plan_without)
        )  # fmt: skip
        if self._made.get(number, (None, {}))[0] != version:
            self._made[number] = (version, {})
        return self._made[number][1]

    def _left(self) -> int:
        """How many accounts are not active any more."""
        if self._gone[0] != self.world.now:
            gone = sum(not self.site.active(account) for account in self.world.accounts.values())
            self._gone = (self.world.now, gone)
        return self._gone[1]
