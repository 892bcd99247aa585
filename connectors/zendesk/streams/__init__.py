"""Zendesk's resources as streams: one module for each resource, and the ways to read them."""
