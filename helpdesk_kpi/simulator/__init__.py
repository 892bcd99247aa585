"""A support desk that does not exist, behind real HTTP APIs.

It stands beside the program and imports nothing of it, so that what the program measures can be held against what the
simulated desk knows of itself.
"""
