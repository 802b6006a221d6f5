"""The user's files: find experiments and project configs, read them, and check each against its project.

Must not know a protocol, Docker or Google.
"""
