"""The user's files: find experiments and project configs, read them, and keep what is around a document.

Must not know a protocol, Docker or Google.
"""
