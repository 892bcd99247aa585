"""The connectors, one module per helpdesk. A module that lies here is found by its name."""
