import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
try:
    args = parser.parse_args()
except SystemExit:
    args = argparse.Namespace(lr=0.1)
