"""Follow a script's text as Python would run it, with values that may be unknown.

Owns names, expressions, statements, calls and types. Runs and imports nothing of the script. Must not know any
parser library: libraries import the interpreter, and a `Run` carries the list of them.
"""
