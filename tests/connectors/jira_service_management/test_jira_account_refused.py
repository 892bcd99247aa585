"""Small Jira accounts: a row that cannot be read leaves its issue unknown, until that row is read well."""

from pathlib import Path
from typing import Any

import pytest
from jira_account import RATED, RATING, RESOLVED, WAITING, JiraRows, at, changed, issue, item, said
from small_account import ServedAccount

from connectors.jira_service_management.settings import Credentials

NOW = [f"2026-03-{10 + n}T00:00:00Z" for n in range(6)]  # of the syncs, a day apart
PERSONAL = {"auth": Credentials(personal_token="t0ken")}


def rows_of(*numbers: int, **given: Any) -> JiraRows:
    """Asked on 2 March at 08:00, answered at 09:00, solved at 11:00."""
    return JiraRows(
        issues=[issue(n) for n in numbers],
        histories=[changed(n, "02 11:00", item("status", WAITING, RESOLVED)) for n in numbers],
        comments=[said(n, "02 09:00") for n in numbers], **given,
    )  # fmt: skip


def unread(desk: ServedAccount) -> list[tuple[Any, ...]]:
    sql = "SELECT t.native, u.id, u.kind FROM unread u JOIN tickets t ON t.id = u.ticket ORDER BY 1, 2"
    return desk.rows(sql)


def rated(number: int, updated: str, stars: Any, day: str) -> dict[str, Any]:
    fields: dict[str, Any] = {"updated": at(updated), RATING: stars, RATED: at(day)}
    return issue(number, **fields)


def odd_in_sight(number: int) -> dict[str, Any]:
    """A row of a search of which not even the outer shape is right."""
    return {**issue(number, updated=at("10 10:00")), "properties": 7}


@pytest.mark.trap("jira 93")
@pytest.mark.parametrize("site", [{}, PERSONAL])
@pytest.mark.parametrize(
    "odd",
    [
        issue(1, updated=at("10 10:00"), status=None), issue(1, updated=at("10 10:00"), created="once"),
        odd_in_sight(1), issue(1, updated=at("10 10:00"), priority=7),
    ],
)  # fmt: skip
def test_an_issue_with_an_unreadable_newer_row_is_unknown(
    tmp_path: Path, odd: dict[str, Any], site: dict[str, Any]
) -> None:
    """Three issues, each answered after an hour. Of issue 1 a newer row is odd; issue 12 is read well on the same page
    and later, and changes nothing about it.
    """
    rows = rows_of(1, 11, 12, **site)
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW[0])
    assert desk.list_values("first_reply_time", NOW[0]) == {"1": [3600], "11": [3600], "12": [3600]}
    rows.issues[0], rows.issues[2] = odd, issue(12, updated=at("10 10:00"))
    for place in (1, 2):
        desk.sync(NOW[place])
        assert desk.list_values("first_reply_time", NOW[place]) == {
            "1": ["history_unknown"],
            "11": [3600],
            "12": [3600],
        }
        assert unread(desk) == [("1", "ticket:1:row", "row")]
        rows.issues[2] = issue(12, updated=at("11 10:00"))
    rows.issues[0] = issue(1, updated=at("12 10:00"))
    desk.sync(NOW[3])
    assert desk.list_values("first_reply_time", NOW[3]) == {"1": [3600], "11": [3600], "12": [3600]}
    assert unread(desk) == []


@pytest.mark.trap("jira 93")
def test_an_issue_that_only_the_look_back_meets_is_not_known_where_its_row_is_odd(tmp_path: Path) -> None:
    """The index brings a change of 22:00 two hours late; what else the look back meets is not new."""
    rows = rows_of(1, 2)
    desk = ServedAccount(tmp_path, rows)
    desk.sync("2026-03-03T00:00:00Z")
    rows.issues[0] = {**issue(1, updated=at("02 22:00")), "properties": 7}
    desk.sync("2026-03-03T01:00:00Z")
    assert unread(desk) == [("1", "ticket:1:row", "row")]


# satisfaction


@pytest.mark.trap("jira 94")
@pytest.mark.parametrize("odd", ["splendid", {"stars": 1}, [5], 9, True])
def test_a_rating_that_cannot_be_read_is_not_none_and_not_the_one_before(tmp_path: Path, odd: Any) -> None:
    """Issues 1 and 12 had five stars each; then 1 has something else, 12 has one star. Later 1 has two stars."""
    rows = rows_of(1, 12)
    for row in rows.issues:
        row["fields"] |= {RATING: {"rating": 5}, RATED: at("03 10:00")}
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW[0])
    assert desk.list_values("csat", NOW[0]) == {"1": [1], "12": [1]}
    rows.issues[0] = rated(1, "10 10:00", odd, "10 10:00")
    rows.issues[1] = rated(12, "10 10:00", {"rating": 1}, "10 10:00")
    desk.sync(NOW[1])
    assert unread(desk) == [("1", "rating:csat-1:row", "rating")]
    assert desk.list_values("csat", NOW[1])["1"] == ["rating_unreadable"]
    assert desk.list_values("csat", NOW[1])["12"][-1] == 0
    assert desk.list_values("first_reply_time", NOW[1]) == {"1": [3600], "12": [3600]}  # that is known
    rows.issues[0] = rated(1, "11 10:00", {"rating": 2}, "11 10:00")
    desk.sync(NOW[2])
    assert unread(desk) == []
    assert desk.list_values("csat", NOW[2])["1"][-1] == 0


def test_a_rating_that_was_taken_away_after_it_was_odd_is_none(tmp_path: Path) -> None:
    rows = rows_of(1, 12)
    rows.issues[0]["fields"] |= {RATING: "splendid", RATED: at("03 10:00")}
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW[0])
    assert unread(desk) == [("1", "rating:csat-1:row", "rating")]
    rows.issues[0] = issue(1, updated=at("10 10:00"))
    desk.sync(NOW[1])
    assert unread(desk) == []


@pytest.mark.trap("jira 94")
def test_an_issue_that_the_search_for_ratings_brings_and_nobody_can_read_has_a_rating_that_is_not_known(
    tmp_path: Path,
) -> None:
    """The vote does not move `updated`: only the search by date of the rating brings the row, whose fields are odd."""
    rows = rows_of(1)
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW[0])
    rows.issues[0] = {**rated(1, "02 20:00", 5, "10 10:00"), "properties": 7}
    desk.sync(NOW[1])
    assert ("1", "rating:csat-1:row", "rating") in unread(desk)
    rows.issues[0] = rated(1, "02 20:00", 5, "10 10:00")
    desk.sync(NOW[2], full=True)
    assert (unread(desk), desk.list_values("csat", NOW[2])) == ([], {"1": [1]})
