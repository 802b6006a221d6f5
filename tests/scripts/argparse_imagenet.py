import argparse
import random

ARCHITECTURES = ("resnet18", "resnet50", "vit_b_16")

parser = argparse.ArgumentParser(description="Image classification")
parser.add_argument("data", metavar="DIR", nargs="?", default="imagenet")
parser.add_argument("-a", "--arch", metavar="ARCH", default="resnet18", choices=ARCHITECTURES,
                    help="model architecture: " + " | ".join(ARCHITECTURES))
parser.add_argument("-j", "--workers", default=4, type=int)
parser.add_argument("-b", "--batch-size", default=256, type=int)
parser.add_argument("--lr", "--learning-rate", default=0.1, type=float, dest="lr")
parser.add_argument("--wd", "--weight-decay", default=1e-4, type=float, dest="weight_decay")
parser.add_argument("-e", "--evaluate", dest="evaluate", action="store_true")
parser.add_argument("--seed", default=None, type=int)
parser.add_argument("--dummy", action="store_true")


def main():
    args = parser.parse_args()
    if args.seed is not None:
        random.seed(args.seed)


if __name__ == "__main__":
    main()
