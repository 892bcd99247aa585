"""One module per language. Every module has the names of `en`, with the same keys."""
