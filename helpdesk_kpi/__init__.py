"""Fair, explained KPIs of a support team, out of the helpdesk that it already has."""

__version__ = "0.6.0"
