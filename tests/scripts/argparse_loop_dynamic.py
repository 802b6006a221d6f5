import argparse
import os

DEFAULTS = {key: value for key, value in os.environ.items() if key.startswith("TRAIN_")}
DEFAULTS["TRAIN_LR"] = "0.1"

parser = argparse.ArgumentParser()
parser.add_argument("--fixed", type=int)
for key, value in DEFAULTS.items():
    parser.add_argument("--" + key.lower(), default=value)
args = parser.parse_args()
