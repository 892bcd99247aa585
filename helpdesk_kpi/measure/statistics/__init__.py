"""Statistics behind every metric value: pure functions on numbers and numpy arrays, one subject per module."""
