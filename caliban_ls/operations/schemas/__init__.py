"""The arguments and results of commands. Flags, JSON and the extension's types are made from them.

Plain dataclasses: no behaviour, and no import of what implements them.
"""
