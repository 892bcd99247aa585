"""Jira's and Confluence's resources as streams, one module for each."""
