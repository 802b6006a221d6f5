import argparse

RATES = {"lr": 0.1, "decay": 0.9}

parser = argparse.ArgumentParser()
for name, default in RATES.items():
    parser.add_argument(f"--{name}", type=float, default=default)
for split in ("train", "test"):
    parser.add_argument("--%s-size" % split, type=int)
    parser.add_argument("--" + split + "-path")
common = dict(type=int, default=3)
parser.add_argument("--depth", **common)
if __name__ == "__main__":
    args = parser.parse_args()
