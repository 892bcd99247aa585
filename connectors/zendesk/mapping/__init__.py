"""Zendesk's payloads as records: pure functions, one module for each kind of row."""
