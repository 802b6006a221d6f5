import argparse
import importlib.util

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=1)
if importlib.util.find_spec("json") is not None:
    parser.add_argument("--tracker", choices=["file", "none"], required=True)
else:
    parser.add_argument("--logfile")

if __name__ == "__main__":
    args = parser.parse_args()
