"""Check experiments and project configs: text in, findings out.

Owns the JSON parser, the sweep language, the project config, hardware and its prices, the script reader and the rules.
Pure: it sees no disk, clock, network, environment or protocol. A caller passes in what it needs to know of these.
"""
