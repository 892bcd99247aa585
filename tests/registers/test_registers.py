"""Entries of registers: what may be written, what is refused and how, corrections, withdrawals, duplicates."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docs_registers
import msgspec
import pytest
from metric_store_fixtures import MONDAY, Source, agent, ticket
from register_fixtures import COST, GOOD, IMPROVEMENT, NOW, PEER, PEOPLE, REVIEW, TRAINING, Book, article

from helpdesk_kpi.cli.checks.config_names import validate_references
from helpdesk_kpi.config import Aspect, Form, PersonConfig, Registers, TextSince, load
from helpdesk_kpi.errors import ConfigError, UsageError
from helpdesk_kpi.registers.import_files import read_rows
from helpdesk_kpi.registers.lookup import RegisterLookup
from helpdesk_kpi.registers.parser import EntryParser
from helpdesk_kpi.registers.register_types import REGISTERS
from helpdesk_kpi.registers.render import format_entries, list_entries
from helpdesk_kpi.registers.writer import RejectedEntryError, save_entries, withdraw_entry
from helpdesk_kpi.store.register_entries import Written, load_rows, row_of

LATER = Written(NOW + 60_000, "tester")


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    made = Book(tmp_path / "a.db")
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Book]:
    """One for all the rows that are refused."""
    made = Book(tmp_path_factory.mktemp("unchanged") / "a.db")
    yield made
    made.store.close()


def shown(book: Book, register: str, *, everything: bool = False) -> list[dict[str, Any]]:
    return list_entries(RegisterLookup(book.store, book.config), REGISTERS[register], everything=everything)


def refused(book: Book, register: str, **row: Any) -> list[str]:
    """What is wrong with a row, without its place."""
    with pytest.raises(RejectedEntryError) as caught:
        book.put(register, **row)
    return [problem.removeprefix("row 1: ") for problem in caught.value.problems]


# --- what may be written


@pytest.mark.parametrize("register", REGISTERS)
def test_a_good_entry_is_kept_once_however_often_it_is_written(book: Book, register: str) -> None:
    first = book.put(register, **GOOD[register])
    before = book.store.conn.total_changes
    again = book.put(register, now=NOW + 1000, **GOOD[register])
    assert (first.what, again.what, again.id) == ("new", "unchanged", first.id)
    assert book.store.conn.total_changes == before
    (row,) = load_rows(book.store)
    assert (row.register, row.entered_at, row.entered_by) == (register, NOW, "tester")


@pytest.mark.parametrize("register", REGISTERS)
def test_a_dry_run_checks_and_keeps_nothing(book: Book, register: str) -> None:
    assert book.put(register, dry_run=True, **GOOD[register]).what == "new"
    assert list(load_rows(book.store)) == []


@pytest.mark.parametrize("register", REGISTERS)
def test_every_column_that_must_be_there_is_missed_by_its_name(book: Book, register: str) -> None:
    found = refused(book, register, note=" ") if register != "peer_rating" else refused(book, register)
    needed = {f"{f.name}: missing" for f in msgspec.structs.fields(REGISTERS[register]) if f.required}
    needed -= {"scale: missing", "marks: missing"}  # which the form gives
    assert set(found) == needed
    assert needed


# --- bad input of every kind: the place, the thing, the value, what is allowed

BAD = [
    ("training", {"on": "17.11.2026"}, "on: '17.11.2026' is no day; write it like 2026-11-17"),
    ("training", {"on": "2026-02-30"}, "on: '2026-02-30' is no day; write it like 2026-11-17"),
    ("training", {"on": "2026-11-25"}, "on: 2026-11-25 is still to come"),
    ("training", {"role": "leader"}, "role: 'leader' is not allowed; did you mean lead?"),
    ("training", {"rating": "4,5"},
     "rating: '4,5' is no number; write it like 4 or 4.5, with a point and without separators"),
    ("training", {"rating": "nan"},
     "rating: 'nan' is no number; write it like 4 or 4.5, with a point and without separators"),
    ("training", {"rating": 5.1}, "rating: 5.1 is not on the scale: 1 to 5"),
    ("training", {"rating": ""}, "rating: missing; a session counts by what those who attended gave it"),
    ("training", {"hours": 2}, "hours: only mentoring is counted in hours; a lead gives one session"),
    ("training", {"role": "mentor"}, "hours: missing; say how many hours the mentor gave"),
    ("training", {"role": "mentor", "hours": 0}, "hours: 0 is not allowed: more than 0"),
    ("training", {"attendees": -1}, "attendees: '-1' is no whole number from 0 on"),
    ("training", {"evidence": "on the drive"},
     "evidence: 'on the drive' is no link; write it like https://intranet.acme.com/slides"),
    ("training", {"subject": "Anne"}, "subject: no member of the team has the name 'Anne'; did you mean Ann?"),
    ("training", {"approved_by": "Ann"}, "approved_by: nobody approves their own training; name somebody else"),
    ("training", {"subject": "李娜"}, "subject: li has no account on a helpdesk that the store knows"),
    ("training", {"titel": "x"}, "no column 'titel'; did you mean title?"),
    ("improvement", {"authors": "Ann; Ann"}, "authors: 'Ann; Ann' names one person twice"),
    ("improvement", {"authors": ";"}, "authors: missing: name at least one person"),
    ("improvement", {"shipped": "2026-09-01"}, "shipped: 2026-09-01 stands there, and accepted is missing"),
    ("improvement", {"accepted": "2026-08-01", "accepted_by": "Bob"},
     "accepted: 2026-08-01 is before proposed = 2026-08-03"),
    ("improvement", {"accepted": "2026-08-04"}, "accepted_by: missing"),
    ("improvement", {"accepted": "2026-08-04", "accepted_by": "Ann"},
     "accepted_by: an author cannot be the one; name somebody else"),
    ("improvement", {"accepted": "2026-08-04", "accepted_by": "Bob", "shipped": "2026-09-01"}, "evidence: missing"),
    ("improvement", {"accepted": "2026-08-04", "accepted_by": "Bob", "shipped": "2026-09-01",
                     "evidence": "https://x.example/1", "measured": "2026-10-01", "effect": "a third fewer",
                     "verified_by": "Ann"}, "verified_by: an author cannot be the one; name somebody else"),
    ("improvement", {"duplicate_of": "IMP-1"}, "duplicate_of: IMP-1 cannot be a duplicate of itself"),
    ("improvement", {"duplicate_of": "IMP-9"}, "duplicate_of: there is no improvement 'IMP-9'; its row comes first"),
    ("improvement", {"duplicate_of": "IMP-9", "accepted": "2026-08-04"},
     "accepted: of a duplicate, this stands with IMP-9"),
    ("quality_review", {"ticket": "99"}, "ticket: the store has no ticket '99'"),
    ("quality_review", {"by": "Ann"}, "by: nobody reviews their own work"),
    ("quality_review", {"tone": 6}, "tone: 6 is not on the scale: 1 to 5"),
    ("quality_review", {"solution": "", "clarity": "", "tone": "", "record": ""},
     "no aspect is judged: fill in at least one"),
    ("quality_review", {"calibration": "maybe"}, "calibration: 'maybe' is neither yes nor no"),
    ("collaboration_satisfaction", {"subject": ""},
     "subject, team: name one of them, the person or the team that is judged"),
    ("collaboration_satisfaction", {"team": "First line"},
     "subject, team: name one of them, the person or the team that is judged"),
    ("collaboration_satisfaction", {"by": "Ann"}, "by: nobody judges themselves here; self_rating is for that"),
    ("manager_rating", {"by": "Bob"}, "by: [people] has 'li' as the manager at the end of 2026-Q3"),
    ("manager_rating", {"by": "王小明"}, "by: nobody is their own manager"),
    ("manager_rating", {"period": "last-quarter"},
     "period: 'last-quarter' is no period; write it like 2026-11, 2026-Q4, 2026-H2 or 2026"),
    ("manager_rating", {"period": "2026-W47"},
     "period: '2026-W47' is no period; write it like 2026-11, 2026-Q4, 2026-H2 or 2026"),
    ("manager_rating", {"period": "2027-Q1"}, "period: 2027-Q1 has not begun yet"),
    ("peer_rating", {"by": "ann"}, "by: nobody judges themselves here; self_rating is for that"),
    ("peer_rating", {"note": "Bob says"},
     "no column 'note'; allowed are by, cooperation, initiative, learning, period, reliability, subject"),
    ("article_review", {"article": "kb9"}, "article: the store has no article 'kb9'"),
    ("article_review", {"by": "Bob"}, "by: its author does not review an article"),
    ("cost", {"period": "2026-Q3"}, "period: '2026-Q3' is no month; write it like 2026-11"),
    ("cost", {"amount": "31,000"},
     "amount: '31,000' is no number; write it like 4 or 4.5, with a point and without separators"),
    ("cost", {"amount": -5}, "amount: -5 is not allowed: more than 0"),
    ("help_centre_visits", {"visitors": 6.5}, "visitors: '6.5' is no whole number from 0 on"),
]  # fmt: skip


@pytest.mark.parametrize(("register", "change", "said"), BAD, ids=lambda v: v if isinstance(v, str) else None)
def test_what_is_wrong_is_said_in_words(unchanged: Book, register: str, change: dict[str, Any], said: str) -> None:
    assert refused(unchanged, register, **{**GOOD[register], **change}) == [said]
    assert list(load_rows(unchanged.store)) == []


def test_everything_that_is_wrong_with_a_row_is_said_at_once(book: Book) -> None:
    found = refused(book, "training", **{**TRAINING, "on": "soon", "rating": 9, "subject": "Anne", "evidence": ""})
    assert [problem.partition(":")[0] for problem in found] == ["subject", "on", "rating", "evidence"]


def test_one_bad_row_keeps_all_rows_out(book: Book) -> None:
    with pytest.raises(RejectedEntryError) as caught:
        book.put_all(("training", TRAINING), ("cost", {**COST, "amount": 0}), ("cost", {**COST, "period": "x"}))
    assert [problem[:13] for problem in caught.value.problems] == ["row 2: amount", "row 3: period"]
    assert list(load_rows(book.store)) == []


# --- who is meant


def test_people_are_known_by_name_table_account_or_address_in_any_width_and_case(book: Book) -> None:
    for number, name in enumerate(["王小明", " wang ", "acme:a", "ＷＡＮＧ", "ACME:A"]):
        book.put("training", **{**TRAINING, "subject": name, "title": f"t{number}"})
    assert {row["subject"] for row in shown(book, "training")} == {"王小明"}


def test_a_name_that_two_people_have_is_refused_with_their_accounts(book: Book) -> None:
    Source(book.store).put(agent("b2", "Bob"))
    given = {**TRAINING, "approved_by": "Cem"}
    (said,) = refused(book, "training", **{**given, "subject": "bob"})
    assert said == "subject: 'bob' may be several people; name an account: Bob (1) = acme:b, Bob (2) = acme:b2"
    assert book.put("training", **{**given, "subject": "acme:b2"}).what == "new"


def test_a_ticket_number_of_two_helpdesks_is_refused_with_both(book: Book) -> None:
    Source(book.store, "beta").put(ticket("17", MONDAY))
    (said,) = refused(book, "quality_review", **REVIEW)
    assert said == "ticket: '17' may be several tickets; write one of acme:17, beta:17"
    assert book.put("quality_review", **{**REVIEW, "ticket": "beta:17"}).what == "new"


def test_the_manager_of_that_time_rates_and_no_other(tmp_path: Path) -> None:
    wang = PersonConfig(
        accounts=["acme:a"], manager=(TextSince(value="li"), TextSince(value="zhao", since=dt.date(2026, 10, 1)))
    )
    book = Book(
        tmp_path / "b.db", people={"wang": wang, "li": PersonConfig(accounts=[]), "zhao": PersonConfig(accounts=[])}
    )
    given: dict[str, Any] = {"subject": "wang", "initiative": 3}
    assert book.put("manager_rating", **given, by="li", period="2026-Q3").what == "new"
    assert refused(book, "manager_rating", **given, by="li", period="2026-Q4") == [
        "by: [people] has 'zhao' as the manager at the end of 2026-Q4"
    ]


# --- anonymity


@pytest.mark.parametrize("register", ["peer_rating", "collaboration_satisfaction"])
def test_who_answered_is_written_down_as_a_hash_and_neither_they_nor_their_answer_is_shown(
    book: Book, register: str
) -> None:
    book.put(register, **GOOD[register])
    (row,) = load_rows(book.store)
    assert not [name for name in ("bob", "acme:b", "zoe") if name in (row.body + row.key).casefold()]
    (reported,) = shown(book, register)
    assert set(reported) <= {"entry", "subject", "period", "team", "state"}
    assert "entered_by" not in format_entries([reported])


def test_the_same_colleague_under_another_name_corrects_their_answer(book: Book) -> None:
    first = book.put("peer_rating", **PEER)
    again = book.put("peer_rating", **{**PEER, "by": "acme:b", "learning": 3})
    other = book.put("peer_rating", **{**PEER, "by": "Cem"})
    assert (again.what, again.before, other.what) == ("corrects", first.id, "new")


def test_a_partner_without_an_account_is_known_again_however_the_name_is_typed(book: Book) -> None:
    given = GOOD["collaboration_satisfaction"]
    book.put("collaboration_satisfaction", **given)
    assert book.put("collaboration_satisfaction", **{**given, "by": " zoe  of Ｒ&D "}).what == "unchanged"


def test_accounts_that_are_joined_later_make_nobody_a_second_person(book: Book) -> None:
    """Bob gets an account on another helpdesk, which comes first there, and an entry in [people]: his answer is known
    again, and so is what he approved; so is 李娜, who has an account now.
    """
    given: dict[str, Any] = {"subject": "王小明", "by": "李娜", "period": "2026-Q3", "initiative": 4}
    for register, row in (("peer_rating", PEER), ("training", {**TRAINING, "subject": "Bob", "approved_by": "Ann"}),
                          ("manager_rating", given)):  # fmt: skip
        book.put(register, **row)
    Source(book.store, "beta").put(agent("b9", "Robert"), agent("l", "Li Na"))
    people = {"bob": PersonConfig(accounts=["beta:b9", "acme:b"]), "li": PersonConfig(name="李娜", accounts=["beta:l"])}
    book.config = msgspec.structs.replace(
        book.config, people={**PEOPLE, **people},
        sources={"beta": {"connector": "zendesk"}, "acme": {"connector": "zendesk"}},
    )  # fmt: skip
    assert book.put("peer_rating", **PEER).what == "unchanged"
    assert book.put("training", **{**TRAINING, "subject": "Bob", "approved_by": "Ann"}).what == "unchanged"
    assert book.put("manager_rating", **given).what == "unchanged"
    assert book.put("peer_rating", **{**PEER, "by": "Robert", "initiative": 1}).what == "corrects"


# --- corrections and withdrawals


def test_a_correction_takes_the_place_of_the_entry_and_keeps_it(book: Book) -> None:
    first = book.put("training", **TRAINING)
    second = book.put("training", now=NOW + 1000, **{**TRAINING, "rating": 3})
    assert (second.what, second.before) == ("corrects", first.id)
    (old, new) = shown(book, "training", everything=True)
    assert (old["rating"], old["state"], new["rating"], new["state"]) == (4.5, "corrected by 2", 3, "in force")
    assert [row["entry"] for row in shown(book, "training")] == [2]


def test_a_correction_of_what_an_entry_is_about_names_the_entry(book: Book) -> None:
    wrong = book.put("training", **TRAINING)
    (kept,) = book.put_all(("training", {**TRAINING, "on": "2026-11-18"}), corrects=wrong.id)
    assert (kept.what, kept.before) == ("corrects", wrong.id)
    assert [(row["entry"], row["on"]) for row in shown(book, "training")] == [(2, "2026-11-18")]
    for entry, said in ((1, "corrected by entry 2"), (9, "there is no entry 9")):
        with pytest.raises(RejectedEntryError, match=said):
            book.put_all(("training", {**TRAINING, "on": "2026-11-19"}), corrects=entry)
    with pytest.raises(RejectedEntryError, match="entry 2 is of the register training"):
        book.put_all(("cost", COST), corrects=2)
    third = book.put("training", **{**TRAINING, "on": "2026-11-20"})
    with pytest.raises(RejectedEntryError, match=f"entry {third.id} already says something about the same"):
        book.put_all(("training", {**TRAINING, "on": "2026-11-20", "rating": 2}), corrects=2)


def test_what_is_withdrawn_is_kept_with_its_reason_and_does_not_come_back_with_its_file(book: Book) -> None:
    first = book.put("training", **TRAINING)
    withdraw_entry(book.store, first.id, " it was called off ", LATER)
    assert shown(book, "training") == []
    (gone,) = shown(book, "training", everything=True)
    assert (gone["state"], gone["why"], gone["withdrawn_by"]) == ("withdrawn", "it was called off", "tester")
    again = book.put("training", **TRAINING)
    assert (again.what, again.id) == ("withdrawn", first.id)
    assert shown(book, "training") == []
    assert book.put("training", **{**TRAINING, "rating": 4}).what == "new"


@pytest.mark.parametrize(
    ("entry", "why", "said"),
    [
        (7, "x", "there is no entry 7"), (1, "x", "entry 1 has been corrected by entry 2"),
        (2, "  ", "--why: say in a few words"), (3, "x", "entry 3 is already withdrawn: a mistake"),
    ],
)  # fmt: skip
def test_only_an_entry_in_force_can_be_withdrawn(book: Book, entry: int, why: str, said: str) -> None:
    book.put("training", **TRAINING)
    book.put("training", **{**TRAINING, "rating": 3})
    withdraw_entry(book.store, book.put("cost", **COST).id, "a mistake", LATER)
    with pytest.raises(UsageError, match=said):
        withdraw_entry(book.store, entry, why, LATER)


def test_two_rows_of_one_file_that_contradict_each_other_are_refused(book: Book) -> None:
    with pytest.raises(RejectedEntryError) as caught:
        book.put_all(("cost", COST), ("cost", COST), ("cost", {**COST, "amount": 5}))
    assert caught.value.problems == ["row 3: says otherwise than row 1 about the same; only one of them can be right"]


def test_a_months_cost_is_reported_for_all_teams_or_for_each_but_not_both(book: Book) -> None:
    book.put("cost", **COST)
    (said,) = refused(book, "cost", **COST, team="First line")
    assert said == "team: 2026-10 would count twice: entry 1 is of all teams together, this one of one"
    assert book.put("cost", period="2026-11", amount=9, team="First line").what == "new"
    assert book.put("cost", period="2026-11", amount=9, team="Second line").what == "new"


# --- duplicates of proposals


def test_a_duplicate_joins_the_story_of_its_original_until_it_is_corrected(book: Book) -> None:
    original = book.put("improvement", **IMPROVEMENT)
    duplicate = {**IMPROVEMENT, "id": "IMP-2", "authors": "Bob", "duplicate_of": "imp-1"}
    second = book.put("improvement", **duplicate)
    assert row_of(book.store, second.id).subject == original.id  # type: ignore[union-attr]
    with pytest.raises(RejectedEntryError, match="IMP-2 is itself a duplicate, of imp-1"):
        book.put("improvement", **{**duplicate, "id": "IMP-3", "duplicate_of": "IMP-2"})
    other = book.put("improvement", **{**IMPROVEMENT, "id": "IMP-4"})
    with pytest.raises(RejectedEntryError, match="IMP-2 is already a duplicate of IMP-1"):
        book.put("improvement", **{**IMPROVEMENT, "duplicate_of": "IMP-4"})
    with pytest.raises(UsageError, match="IMP-2 names it as the original"):
        withdraw_entry(book.store, original.id, "no", LATER)
    third = book.put("improvement", **{**duplicate, "duplicate_of": ""})
    assert row_of(book.store, third.id).subject == third.id  # type: ignore[union-attr]
    withdraw_entry(book.store, original.id, "no", LATER)
    assert other.what == "new"


# --- forms of one's own


def test_an_entry_keeps_the_scale_and_the_weights_of_its_day(tmp_path: Path) -> None:
    form = Form(scale=(0, 10), aspects={"solution": Aspect(weight=4)})
    book = Book(tmp_path / "b.db", registers=Registers(quality_review=form))
    row = {name: value for name, value in REVIEW.items() if name not in {"clarity", "tone", "record"}}
    assert refused(book, "quality_review", **{**row, "solution": 11}) == ["solution: 11 is not on the scale: 0 to 10"]
    assert refused(book, "quality_review", **{**row, "tone": 3})[0].startswith("no column 'tone'")
    book.put("quality_review", **{**row, "solution": 8})
    reported = json.loads(next(load_rows(book.store)).body)
    assert (reported["scale"], reported["marks"]) == (
        [0, 10],
        {"solution": {"value": 8, "weight": 4, "critical": False}},
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("scale = [5, 1]\naspects = { tone = {} }", "scale: [5.0, 1.0] is no scale: the worst answer first"),
        ("aspects = {}", "aspects: is empty: at least one aspect is required"),
        ("scale = [1, 5]", "missing key aspects"),
        ('aspects = { "on time" = {} }', "'on time' heads a column: letters, digits and _ are allowed"),
        ("aspects = { tone = { weight = 0 } }", "aspects.tone.weight: 0 is not allowed: more than 0"),
        ("aspects = { tone = { wieght = 2 } }", "did you mean weight?"),
        ("aspects = { note = {} }", "aspects: 'note' is a column of quality_review already; call it something else"),
    ],
)
def test_a_form_that_cannot_be_used_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "helpdesk-kpi.toml"
    path.write_text(f"[registers.quality_review]\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        validate_references(load(path))
    assert said in str(caught.value)


# --- files


def imported(book: Book, path: Path, register: str | None = None) -> list[str]:
    return [f"{g.where}: {g.kind.register}" for g in read_rows(path, book.config, register)]


def test_a_file_of_one_register_is_known_by_its_name_and_rows_by_their_first_line(book: Book, tmp_path: Path) -> None:
    path = tmp_path / "cost-2026.csv"
    path.write_text('period,amount,note\n2026-09,30000,"two\nlines"\n\n2026-10,31000,\n', encoding="utf-8")
    assert imported(book, path) == ["cost-2026.csv, line 2: cost", "cost-2026.csv, line 5: cost"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_as_any_system_ends_them(book: Book, tmp_path: Path, end: str) -> None:
    path = tmp_path / "cost.csv"
    path.write_bytes(end.join(["", "period,amount,note", '2026-09,5,"two', 'lines"', "2026-10,5,"]).encode())
    assert imported(book, path) == ["cost.csv, line 3: cost", "cost.csv, line 5: cost"]


@pytest.mark.parametrize("name", ["help_centre_visits.csv", "help-centre-visits-2026.csv", "Help_Centre_Visits_q3.CSV"])
def test_the_register_in_a_files_name_may_be_written_as_names_of_files_are(
    book: Book, tmp_path: Path, name: str
) -> None:
    path = tmp_path / name
    path.write_text("period;visitors\n2026-10;7\n", encoding="utf-8-sig")  # as a spreadsheet writes it
    assert imported(book, path) == [f"{name}, line 2: help_centre_visits"]


def test_a_file_of_several_registers_has_a_column_that_says_which(book: Book, tmp_path: Path) -> None:
    path = tmp_path / "october.csv"
    path.write_text("register\tperiod\tamount\tvisitors\ncost\t2026-10\t5\t\nhelp_centre_visits\t2026-10\t\t7\n")
    assert imported(book, path) == ["october.csv, line 2: cost", "october.csv, line 3: help_centre_visits"]


def test_toml_has_a_table_for_each_entry_and_errors_name_its_line(book: Book, tmp_path: Path) -> None:
    path = tmp_path / "q3.toml"
    path.write_text(
        '[[improvement]]\nid = "IMP-1"\ntitle = "按订单号提问的表单"\n'
        'authors = ["王小明", "Ann"]\nproposed = 2026-08-03\n\n'
        "[[cost]]\nperiod = '2026-10'\namount = 31_000.5\n\n[[cost]]\nperiod = '2026-09'\namount = 0\n",
        encoding="utf-8",
    )
    given = read_rows(path, book.config, None)
    assert [g.where for g in given] == ["q3.toml, line 1", "q3.toml, line 7", "q3.toml, line 11"]
    with pytest.raises(RejectedEntryError) as caught:
        book.put_all(*((g.kind.register, dict(g.row)) for g in given))
    assert caught.value.problems == ["row 3: amount: 0 is not allowed: more than 0"]
    book.put_all(*((g.kind.register, dict(g.row)) for g in given[:2]))
    (reported,) = shown(book, "improvement")
    assert (reported["title"], reported["authors"]) == ("按订单号提问的表单", ["王小明", "Ann"])


FILES = [
    ("notes.csv", "period,amount\n", "which register is it of?"),
    ("cost.csv", "", "line 1: no column names; allowed are period, amount, team, note"),
    ("cost.csv", "period,amont\n2026-10,5\n", "cost.csv, line 1: no column 'amont'; did you mean amount?"),
    ("cost.csv", "period,amount,amount\n", "line 1: column 'amount' stands there twice"),
    ("cost.csv", "period,amount\n2026-10,5,6\n", "cost.csv, line 2: 3 cells under 2 column names"),
    (
        "all.csv",
        "register,period\ncosts,2026-10\n",
        "all.csv, line 2: register: 'costs' is no register; did you mean cost?",
    ),
    ("cost.csv", 'period,amount,note\n2026-09,5,"a\n2026-10,5,\n', "cost.csv, line 2: quotation marks that do not fit"),
    (
        "cost.csv",
        'period,amount,note\n2026-09,5,\n2026-10,5,"a"b\n',
        "cost.csv, line 3: quotation marks that do not fit",
    ),
    ("all.toml", "[[costs]]\n", "'costs' is no register; did you mean cost?"),
    ("all.toml", "[cost]\nperiod = '2026-10'\n", "cost: write [[cost]] above each entry"),
    ("all.toml", "[[cost]\n", "not valid TOML"),
]


@pytest.mark.parametrize(("name", "text", "said"), FILES)
def test_a_file_that_cannot_be_read_says_why(book: Book, tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        imported(book, tmp_path / name)
    assert said in str(caught.value)


def test_a_file_in_another_encoding_is_refused_with_what_to_do(book: Book, tmp_path: Path) -> None:
    path = tmp_path / "training.csv"
    path.write_bytes("subject,title\n王小明,分享\n".encode("gb18030"))
    with pytest.raises(UsageError, match=r"is not UTF-8 \(byte 14\): save it as UTF-8, in Excel as 'CSV UTF-8'"):
        imported(book, path)
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        imported(book, tmp_path / "cost.csv")


# --- the page about them


def test_the_files_of_the_documentation_can_be_imported(tmp_path: Path) -> None:
    people = {name: PersonConfig(accounts=[f"acme:{key}"]) for name, key in (("ann", "n"), ("bob", "b"), ("cem", "e"))}
    book = Book(tmp_path / "b.db", people=people)
    Source(book.store).put(article("1", author="n", url="https://help.acme.com/articles/1"))
    for register, text in docs_registers.EXAMPLES.items():
        path = tmp_path / f"{register}.csv"
        path.write_text(text, encoding="utf-8")
        given = read_rows(path, book.config, None)
        kept = save_entries(EntryParser(RegisterLookup(book.store, book.config), NOW), given, LATER)
        assert [one.what for one in kept] == ["new"] * (text.count("\n") - 1)
    assert set(docs_registers.EXAMPLES) == set(REGISTERS)
