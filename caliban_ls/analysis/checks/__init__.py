"""Check documents against what surrounds them: the script's flags, the hardware, the limits.

Owns those findings that need more than one document's own text. Must not know where the surroundings came from.
"""
