"""One module for each library that parses flags: argparse, absl, click, typer, fire, tyro, simple-parsing, transformers.

Owns what a library's calls declare. Must not know other libraries' modules, apart from those it is built on.
"""
