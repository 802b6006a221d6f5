"""Commands about jobs that exist, wherever they run: status, logs, stop, export.

Must not start a job.
"""
