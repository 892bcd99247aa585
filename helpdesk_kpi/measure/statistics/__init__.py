"""The statistics behind every printed figure, one subject a file. Pure functions on numbers and numpy arrays."""
