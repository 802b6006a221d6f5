import argparse
import json

settings = json.loads('{"type": null, "choices": ["x", "y"]}')
parser = argparse.ArgumentParser()
parser.add_argument("--kind", **settings)
parser.add_argument(*["-q", "--quiet"], action="store_true")
parser.parse_args()
