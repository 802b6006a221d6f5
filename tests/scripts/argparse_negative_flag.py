import argparse

parser = argparse.ArgumentParser()
parser.add_argument("-1", "--one", action="store_true")
parser.add_argument("--offset", type=float, default=0.0)
parser.add_argument("--note")
args = parser.parse_args()
