"""What every operation needs around its arguments: the `Context`, trust, the history and the engine, clients, inputs.

Must not know any single command.
"""
