"""Do what a command says: one function for each command, from typed arguments to a typed result.

Must not know which face called it. It prints nothing; it reports to its `Context`.
"""
