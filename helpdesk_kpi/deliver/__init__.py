"""Bringing reports to people: channels, and the ledger that remembers what was sent."""
