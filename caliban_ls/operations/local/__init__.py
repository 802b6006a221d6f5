"""Build the image and start containers on this machine: build, run, shell, notebook, and one job again.

Must not know Google's training services.
"""
