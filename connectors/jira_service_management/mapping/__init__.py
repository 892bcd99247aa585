"""Jira's and Confluence's payloads as records: pure functions."""
