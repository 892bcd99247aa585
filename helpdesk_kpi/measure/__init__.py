"""From stored records to figures: a ticket's timeline, the clock, the KPI contract, statistics, fairness."""
