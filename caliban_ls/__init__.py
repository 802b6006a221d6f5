"""Experiment sweeps, judged while you type, run in Docker and sent to Vertex AI."""

__version__ = "0.1.0"
