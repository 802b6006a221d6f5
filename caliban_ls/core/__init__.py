"""What every other package may use: errors, cancelling, text and spans, durations, the state folder, processes.

Knows nothing of experiments, Docker, Google or editors, and imports no other package of Caliban.
"""
