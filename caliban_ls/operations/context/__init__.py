"""What operations share: the `Context`, trust, the history and the engine, clients, inputs, and finding jobs.

Must not know any single command.
"""
