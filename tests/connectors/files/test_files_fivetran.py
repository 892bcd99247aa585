"""Fivetran's tables of Zendesk, in the form in which a warehouse gives them away."""

from pathlib import Path

from test_files import MONDAY_9, Pulled, put

from helpdesk_kpi.milliseconds import HOUR
from helpdesk_kpi.model import Event, Person, Rating, Team, Ticket, TicketLink

TICKETS = """id,_fivetran_synced,assignee_id,created_at,description,group_id,merged_ticket_ids,priority,requester_id,\
status,subject,submitter_id,ticket_form_id,updated_at,url,via_channel,followup_ids,via_followup_source_id
17,2026-01-06 02:32:49.426,31,2026-01-05 09:00:00,Off,51,"[16]",high,41,solved,Pump,41,,2026-01-05 11:00:00,,email,[],
18,2026-01-06 02:32:49.426,,2026-01-05 10:00:00,Again,,[],,41,deleted,Pump,41,,2026-01-05 11:00:00,,web,[],17
"""
HISTORY = """field_name,ticket_id,updated,_fivetran_synced,user_id,value
status,17,2026-01-05 11:00:00,2026-01-06 02:00:00,31,solved
assignee_id,17,2026-01-05 10:00:00,2026-01-06 02:00:00,31,31
status,17,2026-01-05 09:00:00,2026-01-06 02:00:00,41,new
status,17,2026-01-05 10:00:00,2026-01-06 02:00:00,-1,open
360001,17,2026-01-05 10:00:00,2026-01-06 02:00:00,31,pumps
subject,17,2026-01-05 10:00:00,2026-01-06 02:00:00,31,Pump
"""


def pulled(folder: Path, **tables: str) -> Pulled:
    put(folder, "ticket.csv", TICKETS)
    for name, text in tables.items():
        put(folder, f"{name}.csv", text)
    return Pulled(folder, layout="fivetran", keep_fields=("360001",))


def test_tickets_follow_the_rules_of_zendesk(tmp_path: Path) -> None:
    found = pulled(tmp_path, ticket_tag="ticket_id,index,tag\n17,0,vip\n18,1,b\n18,0,a\n")
    first, second = found.of(Ticket)
    assert (first.id, first.created_at, first.updated_at) == ("17", MONDAY_9, MONDAY_9 + 2 * HOUR)  # UTC
    assert (first.team, first.assignee, first.requester, first.channel, first.priority) == ("51", "31", "41", "email",
                                                                                            "high")  # fmt: skip
    assert (first.tags, second.tags) == (("vip",), ("a", "b"))
    assert (second.deleted_at, second.follow_up_of) == (MONDAY_9 + 2 * HOUR, "17")
    assert TicketLink("16", "17", "merge") in found.of(TicketLink)


def test_what_a_field_was_before_is_the_row_before(tmp_path: Path) -> None:
    events = pulled(tmp_path, ticket_field_history=HISTORY).of(Event)
    assert {(e.field, e.at - MONDAY_9, e.before, e.after, e.actor) for e in events} == {
        ("status", 0, None, "new", "41"),
        ("status", HOUR, "new", "open", None),
        ("status", 2 * HOUR, "open", "solved", "31"),
        ("assignee", HOUR, None, "31", "31"),
        ("360001", HOUR, None, "pumps", "31"),
    }


def test_people_comments_teams_and_surveys_are_read(tmp_path: Path) -> None:
    found = pulled(
        tmp_path,
        user="id,role,only_private_comments,name,email,verified,suspended,time_zone,updated_at\n"
        "31,agent,FALSE,Ann,ann@desk.example,TRUE,FALSE,Berlin,2026-01-01 00:00:00\n"
        "32,agent,TRUE,Lee,lee@desk.example,TRUE,FALSE,,2026-01-01 00:00:00\n",
        group="id,name,_fivetran_deleted\n51,Pumps,TRUE\n",
        ticket_comment="id,body,created,public,ticket_id,user_id\n9,Thank you!,2026-01-05 09:30:00,TRUE,17,41\n",
        satisfaction_rating="id,ticket_id,score,created_at,updated_at,assignee_id,requester_id,comment\n"
        "7,17,good,2026-01-05 11:00:00,2026-01-05 12:00:00,31,41,Nice\n",
    )
    assert [(p.id, p.kind, p.zone) for p in found.of(Person)] == [("31", "agent", "Europe/Berlin"),
                                                                 ("32", "light_agent", None)]  # fmt: skip
    assert found.of(Team) == [Team("51", "Pumps", deleted=True)]
    (comment,) = found.of(Event)
    assert (comment.actor, comment.public, comment.is_thanks) == ("41", True, True)
    (rating,) = found.of(Rating)
    assert (rating.category, rating.answered_at, rating.agent, rating.comment) == (
        "good",
        MONDAY_9 + 3 * HOUR,
        "31",
        None,
    )


def test_tickets_are_read_again_when_their_tags_have_changed(tmp_path: Path) -> None:
    first = pulled(tmp_path, ticket_tag="ticket_id,index,tag\n17,0,vip\n")
    assert Pulled(tmp_path, first.cursors, layout="fivetran", keep_fields=("360001",)).of(Ticket) == []
    put(tmp_path, "ticket_tag.csv", "ticket_id,index,tag\n17,0,vip\n17,1,eu\n")
    again = Pulled(tmp_path, first.cursors, layout="fivetran", keep_fields=("360001",))
    assert again.of(Ticket)[0].tags == ("eu", "vip")


def test_a_bad_row_of_a_history_is_reported_with_its_line(tmp_path: Path) -> None:
    found = pulled(tmp_path, ticket_field_history=HISTORY + "status,x,2026-01-05 12:00:00,,31,open\n")
    assert found.aside == {"ticket_field_history.csv:8": "ticket_id: 'x' is not a whole number"}
    assert len(found.of(Event)) == 5
