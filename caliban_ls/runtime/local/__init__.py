"""Run a sweep's jobs on an engine: `runner` starts them, `owner` and `orphans` clean up after a killed process.

`console` connects a terminal to a container, `metrics` and `last_line` read a job's output. Must not know Google.
"""
