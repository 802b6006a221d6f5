"""The command line: flags in, text or JSON out, failures to exit codes.

Knows argparse and rich; knows neither what a command does nor any protocol. `main` runs a command.
"""

from caliban_ls.cli.main import main

__all__ = ["main"]
