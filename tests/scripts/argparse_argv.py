import argparse
import sys

sys.argv = [sys.argv[0]] + [word.replace("--alpha", "--beta") for word in sys.argv[1:]]
parser = argparse.ArgumentParser()
parser.add_argument("--beta", type=float)
parser.parse_args()
