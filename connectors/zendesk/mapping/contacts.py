"""Calls and messaging sessions as engagements and contacts."""

from connectors.zendesk import payloads as zd
from connectors.zendesk.mapping.tickets import text_id
from connectors.zendesk.payloads import ms
from helpdesk_kpi import model
from helpdesk_kpi.milliseconds import SECOND


def map_call(row: zd.Call) -> list[model.AnyRecord]:
    """Map a call, and a contact if an agent answered an inbound call. Calls without a ticket are skipped."""
    if row.ticket_id is None:
        return []
    start, agent, number = ms(row.created_at), text_id(row.agent_id), str(row.ticket_id)
    answered = start + round((row.time_to_answer or row.wait_time or 0) * SECOND) if _answered_by(row) else None
    end = None if row.duration is None else start + row.duration * SECOND
    name = f"call{row.id}"
    records: list[model.AnyRecord] = [model.Engagement(name, number, "call", start, agent, answered, end)]
    if answered is not None:
        records.append(model.Event(number, name, answered, 0, "call", actor=agent, via="voice", public=True))
    return records


def _answered_by(row: zd.Call) -> bool:
    talked = row.time_to_answer is not None or bool(row.talk_time)
    return row.agent_id is not None and talked and not row.voicemail and row.direction != "outbound"


def map_engagement(row: zd.Engagement) -> list[model.AnyRecord]:
    """Map a messaging session, and a contact if an agent replied.

    Without a reply Zendesk gives a reply time of 0, so the counts of messages decide. A session of an AI agent is no
    contact of the team.
    """
    start, number, agent = ms(row.engagement_start_time), str(row.ticket_id), text_id(row.agent_id)
    has_replied = agent is not None and max(row.agent_replies_count or 0, row.agent_messages_count or 0) > 0
    seconds = row.assignment_to_first_reply_time_seconds
    first = start + round(seconds * SECOND) if has_replied and seconds is not None else None
    end = None if row.engagement_end_time is None else ms(row.engagement_end_time)
    name = f"chat{row.engagement_id}"
    engagement = model.Engagement(name, number, "chat", start, agent, first, end)
    if first is None:  # a session without a reply
        return [engagement, model.Event(number, name, start, 0, "link", via="native_messaging", field="session")]
    return [engagement, model.Event(number, name, first, 0, "chat", actor=agent, via="native_messaging", public=True)]
