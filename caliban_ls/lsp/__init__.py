"""The language server behind `server.py`: documents, diagnostics, features, commands and their progress.

Owns the protocol: only this package and `server` import pygls and lsprotocol. `pygls_adapter` and `transport` wrap
the library; signals such as Ctrl-C arrive in `pygls_adapter`. `conversions` turns spans into positions. Nothing here
decides about experiments; `ide` and `operations` do.
"""
