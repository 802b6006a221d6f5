import argparse

parser = argparse.ArgumentParser(allow_abbrev=False)
parser.add_argument("--learning-rate", type=float)
parser.add_argument("--momentum", type=float, default=0.9)
if __name__ == "__main__":
    print(parser.parse_args())
