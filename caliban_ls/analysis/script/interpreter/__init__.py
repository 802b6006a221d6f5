"""Follow a script's text as Python would, with values that may be unknown.

Owns names, expressions, statements, calls and types. Runs and imports nothing of the script. It must not know any
parser library; a library imports the interpreter.
"""
