"""Names of brands, forms, fields, statuses and organizations; schedules and SLA policies."""

from connectors.zendesk import payloads as zd
from helpdesk_kpi import model
from helpdesk_kpi.pull import time_zones


def map_brand(row: zd.Brand) -> model.Name:
    return model.Name("brand", str(row.id), row.name, row.brand_url if row.has_help_center else None)


def map_form(row: zd.NameRecord) -> model.Name:
    return model.Name("form", str(row.id), row.name)


def map_field(row: zd.TicketField) -> model.Name:
    return model.Name("field", str(row.id), row.title)


def map_custom_status(row: zd.CustomStatus) -> model.Name:
    return model.Name("custom_status", str(row.id), row.agent_label, row.status_category)


def map_organization(row: zd.NameRecord) -> model.Name:
    return model.Name("organization", str(row.id), row.name)


def map_schedule(row: zd.Schedule) -> model.Schedule:
    """Map business hours.

    Raises:
        PullError: The time zone is unknown, so every business hour would be wrong.
    """
    weekly = tuple((span.start_time, span.end_time) for span in row.intervals)
    created_at = None if row.created_at is None else zd.ms(row.created_at)
    return model.Schedule(str(row.id), row.name, time_zones.to_iana(row.time_zone), weekly, created_at=created_at)


def map_holiday(schedule_id: int, row: zd.Holiday) -> model.Holiday:
    return model.Holiday(str(schedule_id), str(row.id), row.name, row.start_date, row.end_date)


def map_sla_policy(row: zd.SlaPolicy, body: bytes) -> model.SlaPolicy:
    return model.SlaPolicy(str(row.id), row.title, row.position or 0, body.decode())
