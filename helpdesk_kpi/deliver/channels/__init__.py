"""One module per channel, named as the `type` that a configuration table gives. Found by name, imported on demand."""
