"""Registers: what no helpdesk has, and people write down. Their forms, how entries are read, kept, and told to KPIs."""
