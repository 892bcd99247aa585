"""Getting records out of a helpdesk: the contract of a connector, the HTTP transport, the sync."""
