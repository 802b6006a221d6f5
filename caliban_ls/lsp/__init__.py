"""The language server behind `server.py`: documents, diagnostics, features, commands and their progress.

Owns the protocol: only this package and `server` import pygls and lsprotocol. `pygls_adapter` and `transport` wrap the
library, `conversions` turns spans into positions. It decides nothing about experiments; `ide` and `operations` do.
"""
