"""Read `.calibanconfig.json` and the user's settings, and check each key.

Owns the keys, their types and defaults. Must not know what uses them.
"""
