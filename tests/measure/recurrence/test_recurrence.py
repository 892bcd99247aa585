"""Repeat contacts in a store: customer identity, evidence, labels that override it, and exclusions."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from metric_store_fixtures import HOUR, Source, agent, customer, reader, ticket
from recurrence_fixtures import BROKEN, BROKEN_AGAIN, DAY, ORDINARY, OTHER, START, WISH, crowd, pair, put, rate

from helpdesk_kpi.calendar.periods import Period, format_iso
from helpdesk_kpi.config import Config, Exclude, Recurrence, Tickets
from helpdesk_kpi.measure.benchmarking.share_bounds import share_bounds
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.explain.observation_export import export_observations
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.recurrence.contact_history import ContactHistory
from helpdesk_kpi.measure.recurrence.pair_labelling import PairLabel, find_pair, load_quality, sample_pairs, save_label
from helpdesk_kpi.measure.recurrence.similarity_thresholds import SHIPPED, Thresholds, load_thresholds, save_thresholds
from helpdesk_kpi.model import Event
from helpdesk_kpi.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


def evidence(of: MetricStore) -> list[tuple[str, str, float]]:
    """(earlier ticket, reason, value) of every repeat."""
    native = dict(of.store.rows("SELECT id, native FROM tickets"))
    rows = of.columns("repeat_contacts")
    return [
        (native[int(rows.ticket[i])], rows.words[rows.facet[i]] or "", round(float(rows.value[i]), 2))
        for i in range(len(rows))
    ]


# --- who is one customer


def test_a_customers_tickets_on_two_helpdesks_are_one_story(store: Store) -> None:
    put(store, "1", 0)
    put(store, "7", 3, BROKEN_AGAIN, source="beta", requester="other id")
    assert rate(reader(store)).value == 0.5  # of two solved tickets the first came back
    assert [e[:2] for e in evidence(reader(store))] == [("1", "same_category")]


def test_two_customers_with_one_problem_are_no_repeat(store: Store) -> None:
    put(store, "1", 0)
    put(store, "2", 3, BROKEN_AGAIN, requester="d", address="d@x.org")
    assert rate(reader(store)).value == 0


def test_a_customer_with_one_ticket_has_no_story(store: Store) -> None:
    put(store, "1", 0)
    reader(store)
    assert store.one("SELECT count(*) FROM stored_observations WHERE kind = 'customer'") == 0


# --- a ticket is that of who asked, whoever is named as the requester since


def handed_over(store: Store, number: str, day: float, requester: str, to: str) -> None:
    """A ticket that `requester` wrote, and that names `to` as the requester from the evening of that day on."""
    put(store, number, day, BROKEN_AGAIN, requester=to, address=f"{to}@x.org", submitter=requester)
    at = int(START + day * DAY + 5 * HOUR)
    change = Event(number, f"{number}-9", at, 9, "change", actor="1", field="requester", before=requester, after=to)
    Source(store).put(customer(requester, f"{requester}@x.org"), change)


def test_a_ticket_with_another_requester_today_is_a_repeat_of_its_first_requester(store: Store) -> None:
    """2 was asked by c, as 1 was, and is d's only since; so 3, by d, repeats neither."""
    put(store, "1", 0)
    handed_over(store, "2", 3, "c", "d")
    put(store, "3", 5, BROKEN_AGAIN, requester="d", address="d@x.org")
    assert [pair[:2] for pair in evidence(reader(store))] == [("1", "same_category")]
    assert rate(reader(store)).value == pytest.approx(1 / 3)


def test_a_ticket_belongs_to_its_first_requester_once_that_is_known(store: Store) -> None:
    put(store, "1", 0)
    put(store, "2", 3, BROKEN_AGAIN, requester="d", address="d@x.org")
    assert evidence(reader(store)) == []
    handed_over(store, "2", 3, "c", "d")
    assert [pair[:2] for pair in evidence(reader(store))] == [("1", "same_category")]


def test_a_verdict_on_a_ticket_that_was_handed_over_is_kept(store: Store) -> None:
    put(store, "1", 0)
    handed_over(store, "2", 3, "c", "d")
    of = reader(store)
    [customer_key] = [key for (key,) in store.rows("SELECT id FROM people WHERE native = 'c'")]
    [contacts] = ContactHistory(store, of.config).contacts([customer_key]).values()
    keys = {native: key for key, native in store.rows("SELECT id, native FROM tickets")}
    about = find_pair(contacts, keys["1"], keys["2"])
    assert about is not None
    save_label(store, about, PairLabel("no", "lead", 1))
    assert evidence(reader(store)) == [("1", "judged_other", 0.0)]
    assert [c.later.ticket for c in sample_pairs(store, of.config, 9, seed=1)] == []  # the only pair is judged


def test_who_writes_too_much_in_a_week_does_so_for_whomever(store: Store) -> None:
    """Three tickets of c within a week, where two are allowed, each for somebody else: all three are left out."""
    for number, name in enumerate("def"):
        handed_over(store, str(number), number, "c", name)
    assert rate(reader(store, recurrence=Recurrence(sender_week=2))).excluded == {"shared_sender": 3}


def test_one_customer_who_asks_for_many_is_no_incident(store: Store) -> None:
    """Five customers hit by one fault in a day are an incident; that c asked for five is none."""
    put(store, "early", 0, OTHER, requester="early", address="early@x.org")  # history begins
    for number in range(5):
        handed_over(store, str(number), 20 + number / 100, "c", f"p{number}")
    settings = Recurrence(sender_week=50)
    assert "incident" not in rate(reader(store, recurrence=settings)).excluded
    for number in range(5, 10):
        put(store, str(number), 20 + number / 100, BROKEN_AGAIN, requester=f"q{number}", address=f"q{number}@x.org")
    assert rate(reader(store, recurrence=settings)).excluded == {"incident": 10}


# --- down to the other ticket


def export(store: Store, day: float, kpi: str = "recurrence_rate", variant: str = "strict") -> list[tuple[Any, ...]]:
    of = reader(store)
    build_stale(store, of.config, extra=[(kpi, variant)])
    rows = export_observations(store, of.config, build_query(kpi, None, int(START + day * DAY), variant))
    names = ("ticket", "value", "followed_by", "followed_at", "followed_why")
    return [tuple(row[name] for name in names) for row in rows]


def test_what_came_back_names_the_ticket_that_did_and_why(store: Store) -> None:
    """1 is solved on day 0, 2 is opened on day 3; what came of 2 is not over before day 17."""
    put(store, "1", 0)
    put(store, "2", 3, BROKEN_AGAIN)
    came = ("acme:2", format_iso(START + 3 * DAY), "same_category")
    assert export(store, 2) == [("1", None, None, None, None)]
    assert export(store, 10) == [("1", None, *came), ("2", None, None, None, None)]
    assert export(store, 100) == [("1", 1, *came), ("2", 0, None, None, None)]
    assert export(store, 100, "first_contact_resolution") == [("1", 0, *came), ("2", 1, None, None, None)]


def test_what_came_back_on_the_same_ticket_names_no_other(store: Store) -> None:
    """Solved after 2 hours, opened again by the customer after 5, and never solved since."""
    put(store, "1", 0)
    again = int(START + 5 * HOUR)
    said = Event("1", "1-3", again, 3, "comment", actor="c", public=True, length=90)
    opened = Event("1", "1-4", again, 4, "change", actor="c", field="status", before="solved", after="open")
    Source(store).put(said, opened)
    base, follower = export(store, 100, variant="incl_reopen")
    assert base == ("1", 1, None, format_iso(again), "not_fixed")
    assert follower[1:] == (None, None, None, None)  # what follows is no part of the figure itself


def bounds_of(store: Store, until: float = 100) -> Any:
    whole = Period("year", START - DAY, START + 200 * DAY, "all", "UTC")
    return share_bounds(reader(store), build_query("recurrence_rate", whole, int(START + until * DAY)))


def test_a_share_of_what_comes_back_has_an_upper_bound_and_a_value_by_customers(store: Store) -> None:
    """C's first ticket comes back as the second; the third, of the same category, is about something else. So 1 of 5
    came back; at most 2 of 5, as the second was followed by the third; and by customers it is (1/3 + 0 + 0) / 3.
    """
    put(store, "1", 0)
    put(store, "2", 3, BROKEN_AGAIN)
    put(store, "3", 10, OTHER)
    put(store, "4", 0, requester="d", address="d@x.org")
    put(store, "5", 1, requester="e", address="e@x.org")
    assert rate(reader(store)).value == 0.2
    assert bounds_of(store) == (pytest.approx(1 / 5), pytest.approx(2 / 5), pytest.approx(1 / 9))


def test_without_anything_that_is_over_there_are_no_bounds(store: Store) -> None:
    put(store, "1", 0)
    assert bounds_of(store, until=3) is None


# --- the ladder


@pytest.mark.parametrize(
    ("reason", "value", "earlier", "later"),
    [
        ("follow_up", 1.0, {}, {"follow_up_of": "1"}),
        ("linked", 1.0, {}, {"links": [("1", "duplicate")]}),
        ("problem", 0.95, {"problem": "99"}, {"problem": "99"}),
        ("problem", 0.95, {}, {"problem": "1"}),
        ("problem", 0.95, {"links": [("DEV-7", "issue")]}, {"links": [("DEV-7", "issue")]}),
        ("key_field", 0.9, {"fields": {"order": "A-17"}}, {"fields": {"order": "A-17"}}),
        ("code", 0.9, {"codes": ("ERR-1042",)}, {"codes": ("ERR-7", "ERR-1042")}),
        ("code", 0.9, {"codes": ("HTTP 503",)}, {"codes": ("HTTP 503",)}),
    ],
)
def test_the_reason_is_kept(store: Store, reason: str, value: float, earlier: Any, later: Any) -> None:
    """The words are about different things: nothing but the fact itself speaks for one problem."""
    put(store, "1", 0, **earlier)
    put(store, "2", 3, OTHER, **later)
    of = reader(store, recurrence=Recurrence(key_fields=["order"]))
    assert evidence(of) == [("1", reason, value)]
    assert rate(of).value == 0.5


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"codes": ("HTTP 503",), "type": "a"}, {"codes": ("HTTP 503",), "type": "b"}),
        ({"codes": ("KD-1",)}, {"codes": ("KD-1",)}),
        ({"fields": {"colour": "red"}}, {"fields": {"colour": "red"}}),
        ({"links": [("5", "merge")]}, {"links": [("5", "merge")]}),
    ],
    ids=["what many problems answer with", "an ignored code", "a field that is no key", "merged into a third"],
)
def test_what_says_nothing_of_a_problem_is_no_evidence(store: Store, earlier: Any, later: Any) -> None:
    put(store, "1", 0, **earlier)
    put(store, "2", 3, OTHER, **later)
    of = reader(store, recurrence=Recurrence(key_fields=["order"], ignore_codes=["KD-*"]))
    assert evidence(of) == []


def test_words_that_are_alike_are_evidence_and_a_wish_is_no_repeat_of_a_fault(store: Store) -> None:
    put(store, "1", 0)
    put(store, "2", 3, BROKEN_AGAIN)
    put(store, "3", 4, WISH)
    [(earlier, reason, alike)] = evidence(of := reader(store))
    assert (earlier, reason) == ("1", "same_category")
    assert alike >= SHIPPED.same_category
    assert rate(of).facets == {"same_category": pytest.approx(1 / 3)}


def test_thresholds_are_applied_when_figures_are_read(store: Store) -> None:
    put(store, "1", 0)
    put(store, "2", 3, BROKEN_AGAIN)
    settings = Config(timezone="Europe/Berlin", sources={"acme": {"connector": "zendesk"}})
    build_stale(store, settings)
    folded = store.rows("SELECT * FROM stored_observations")
    assert rate(MetricStore(store, settings)).value == 0.5
    save_thresholds(store, Thresholds(1.0, 1.0), 1)
    assert rate(MetricStore(store, settings)).value == 0  # learned
    own = Config(
        timezone="Europe/Berlin", sources={"acme": {"connector": "zendesk"}}, recurrence=Recurrence(same_category=0.3)
    )
    assert load_thresholds(store, own) == Thresholds(0.3, 1.0, "configured")
    assert rate(MetricStore(store, own)).value == 0.5  # the configuration wins
    assert build_stale(store, own) == 0
    assert store.rows("SELECT * FROM stored_observations") == folded  # and nothing was told anew


# --- windows


def test_a_window_looks_forward_from_the_solve_and_counts_once_it_is_over(store: Store) -> None:
    # Solved two hours after day 0. The later one comes on day 10: outside 7 days, within 14 and 30.
    put(store, "1", 0)
    put(store, "2", 10, BROKEN_AGAIN)
    of = reader(store)
    value = rate(of, until=15)
    assert (value.n, value.value, value.running) == (1, 1.0, 1)  # the second one's days are not over
    assert value.also == {"7 d": pytest.approx(0), "30 d": None}
    value = rate(of)
    assert (value.n, value.value, value.running) == (2, 0.5, 0)
    assert value.also == {"7 d": 0.0, "30 d": 0.5}


def test_what_came_before_the_solve_is_a_duplicate_and_no_repeat(store: Store) -> None:
    put(store, "1", 0)
    put(store, "2", 1 / 24, BROKEN_AGAIN)  # an hour later, before the first is solved
    assert rate(reader(store)).value == 0


def test_a_ticket_that_was_not_touched_for_a_month_has_no_repeats(store: Store) -> None:
    put(store, "1", 0)
    put(store, "2", 31, BROKEN_AGAIN)
    assert evidence(reader(store)) == []


def test_a_repeat_counts_for_who_solved_the_earlier_ticket(store: Store) -> None:
    put(store, "1", 0)
    Source(store).put(agent("2", "Bob"))
    put(store, "2", 3, BROKEN_AGAIN)
    Source(store).put(
        Event("2", "2-2", int(START + 3 * DAY + 2 * HOUR), 2, "change", actor="2", field="status", before="open",
              after="solved"),
    )  # fmt: skip
    of = reader(store)
    assert rate(of, agent="Ann").value == 1
    assert rate(of, agent="Bob").value == 0


# --- later tickets that are no contacts


@pytest.mark.parametrize(
    "later",
    [
        {"is_spam": True}, {"tags": ("test",)}, {"deleted_at": int(START + 3 * DAY)}, {"merged_into": "5"},
        {"channel": "outbound_email"},
    ],
    ids=["spam", "test", "deleted", "merged into a third", "written by the team"],
)  # fmt: skip
def test_a_later_ticket_that_is_no_contact_is_no_repeat(store: Store, later: Any) -> None:
    put(store, "1", 0)
    Source(store).put(ticket("5", START, requester="9"))  # another customer's, which is open
    put(store, "2", 3, BROKEN_AGAIN, **later)
    value = rate(reader(store, tickets=Tickets(exclude=Exclude(tags=["test"]))))
    assert value.value == 0
    assert value.n == 1


def test_a_later_ticket_that_is_merged_into_the_old_one_is_a_repeat_of_it(store: Store) -> None:
    put(store, "1", 0)
    put(store, "2", 3, OTHER, merged_into="1")
    of = reader(store)
    assert evidence(of) == [("1", "merged", 1.0)]
    merged = START + 3 * DAY + 2 * HOUR
    assert [int(known) for known in of.columns("repeat_contacts").known] == [merged]
    assert rate(of).value == 1  # and the merged one is no ticket of its own


def test_a_repeat_that_is_deleted_later_counted_until_then(store: Store) -> None:
    put(store, "1", 0)
    put(store, "2", 3, BROKEN_AGAIN, deleted_at=int(START + 20 * DAY))
    of = reader(store)
    assert rate(of, until=16).value == 1  # the second one's days are not over
    assert rate(of, until=21).value == 0


# --- what stands above the evidence


def test_a_label_overrides_all_evidence_and_the_last_one_holds(store: Store) -> None:
    put(store, "1", 0)
    put(store, "2", 3, OTHER, follow_up_of="1")
    of = reader(store)
    assert rate(of).value == 0.5
    save_label(store, pair(store, of.config), PairLabel("no", "lead", 1, "two different things"))
    of = reader(store)
    assert (rate(of).value, evidence(of)) == (0, [("1", "judged_other", 0.0)])
    save_label(store, pair(store, of.config), PairLabel("yes", "lead", 2))
    of = reader(store)
    assert (rate(of).value, evidence(of)) == (0.5, [("1", "judged_same", 1.0)])
    save_label(store, pair(store, of.config), PairLabel("skip", "lead", 3))
    assert rate(reader(store)).value == 0.5
    labels = store.rows("SELECT who, at, verdict, why, weight FROM repeat_labels")
    assert labels[0] == ("lead", 1, "no", "two different things", 0.0)


def test_labels_on_chosen_pairs_say_nothing_of_others(store: Store) -> None:
    put(store, "1", 0)
    put(store, "2", 3, OTHER, follow_up_of="1")
    of = reader(store)
    save_label(store, pair(store, of.config), PairLabel("no", "lead", 1))
    assert load_quality(store, of.config) is None
    assert sample_pairs(store, of.config, 10, 1) == []  # and it is not asked for again


# --- what stands apart


def test_expected_requests_neither_come_back_nor_are_what_comes_back(store: Store) -> None:
    put(store, "1", 0, type="Monthly report")
    put(store, "2", 3, BROKEN_AGAIN, type="Monthly report")
    value = rate(reader(store, recurrence=Recurrence(expected=["monthly report"])))
    assert (value.n, value.excluded) == (0, {"expected": 2})


@pytest.mark.parametrize("name", ["c@x.org", "@X.org", "acme:c"])
def test_a_configured_sender_is_excluded(store: Store, name: str) -> None:
    put(store, "1", 0)
    put(store, "2", 3, BROKEN_AGAIN)
    put(store, "3", 3, requester="d", address="d@y.org")
    value = rate(reader(store, recurrence=Recurrence(senders=[name])))
    assert (value.n, value.excluded) == (1, {"shared_sender": 2})


def test_who_writes_too_much_in_a_week_is_taken_for_a_shared_sender(store: Store) -> None:
    for number in range(6):
        put(store, str(number + 1), number)
    settings = Recurrence(sender_week=5)
    of = reader(store, recurrence=settings)
    assert rate(of).excluded == {"shared_sender": 6}
    # Before the sixth ticket within the week nobody could know: then the first was followed by the second.
    assert "shared_sender" not in rate(of, until=4.9).excluded
    assert rate(reader(store, recurrence=Recurrence(sender_week=6))).excluded == {}


def test_a_fault_that_hits_many_at_once_is_the_products(store: Store) -> None:
    put(store, "1", 0, OTHER, requester="early", address="early@x.org")  # history begins
    crowd(store, 5, 20)
    put(store, "2", 21.9, BROKEN_AGAIN, requester="p100", address="p100@x.org")  # of an incident's customer, afterwards
    of = reader(store)
    value = rate(of)
    assert value.excluded == {"incident": 5}
    assert value.n == 2
    assert value.value == 0


def test_fewer_customers_or_a_common_problem_are_no_incident(store: Store) -> None:
    put(store, "1", 0, OTHER, requester="early", address="early@x.org")
    crowd(store, 4, 20)
    assert rate(reader(store)).excluded == {}


def test_what_five_people_ask_every_day_is_no_incident(store: Store) -> None:
    for day in range(20):
        crowd(store, 5, day, first=100 + 10 * day)
        for number, words in enumerate(ORDINARY):
            crowd(store, 1, day, words, first=1000 + 10 * day + number)
    assert rate(reader(store)).excluded == {}


def test_a_wish_of_many_is_no_incident(store: Store) -> None:
    put(store, "1", 0, OTHER, requester="early", address="early@x.org")
    crowd(store, 8, 20, ("Add a user", "Please add a new colleague to our account."))
    assert rate(reader(store)).excluded == {}


def test_incidents_tied_to_a_problem_need_no_words_in_common(store: Store) -> None:
    for number, words in enumerate([BROKEN, OTHER, WISH, ("VPN", "No connection at all"), ("Fax", "The fax is dead")]):
        crowd(store, 1, 20, words, first=100 + number, problem="77")
    put(store, "1", 20, OTHER, requester="alone", address="alone@x.org")
    assert rate(reader(store)).excluded == {"incident": 5}


def test_a_late_ticket_that_makes_it_many_tells_the_others_anew(store: Store) -> None:
    put(store, "1", 0, OTHER, requester="early", address="early@x.org")
    crowd(store, 4, 20)
    assert rate(reader(store)).excluded == {}
    crowd(store, 1, 20.8, first=110)
    of = reader(store)
    assert rate(of).excluded == {"incident": 5}
    assert "incident" not in rate(of, until=20.1).excluded  # it was not known then
    again = set(store.rows("SELECT * FROM ticket_flags"))
    build_stale(store, of.config, everything=True)
    assert set(store.rows("SELECT * FROM ticket_flags")) == again
