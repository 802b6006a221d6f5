"""Train one classifier on the digits that scikit-learn brings along, and say how well it reads.

The last line of stdout is a JSON object of numbers: caliban puts them into the table of the sweep.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from sklearn.base import ClassifierMixin
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, recall_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC


def main() -> None:
    args = parse_args()
    images, digits = load_digits(return_X_y=True)
    # Every job is asked about the same unseen quarter, so that their scores can be compared.
    seen, unseen, seen_digits, unseen_digits = train_test_split(
        images, digits, test_size=0.25, stratify=digits, random_state=args.seed
    )
    seen, seen_digits = seen[: args.images], seen_digits[: args.images]
    print(f"Training {args.model} on {len(seen)} images")

    model = make_model(args).fit(seen, seen_digits)
    read = model.predict(unseen)
    recalls = recall_score(unseen_digits, read, average=None)
    print(f"Read {len(read)} unseen images; the hardest digit is {recalls.argmin()}")

    score = json.dumps(
        {
            "accuracy": round(float(accuracy_score(unseen_digits, read)), 4),
            "worst_recall": round(float(recalls.min()), 4),
        }
    )
    if args.out:
        args.out.write_text(score + "\n", encoding="utf-8")
    print(score)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train one classifier on handwritten digits.")
    parser.add_argument(
        "--model", choices=["logistic", "svc", "forest"], default="svc", help="the classifier"
    )
    parser.add_argument(
        "--C", type=float, default=1.0, help="strength: a small C keeps logistic and svc simple"
    )
    parser.add_argument("--gamma", type=float, default=0.02, help="reach of one image in svc")
    parser.add_argument("--trees", type=int, default=100, help="number of trees in forest")
    parser.add_argument("--images", type=int, default=None, help="images to learn from, all by default")
    parser.add_argument("--standardize", action="store_true", help="give every pixel mean 0 and deviation 1")
    parser.add_argument("--seed", type=int, default=0, help="of the split and of the forest")
    parser.add_argument("--out", type=Path, default=None, help="file for the score, besides the last line")
    return parser.parse_args()


def make_model(args: argparse.Namespace) -> ClassifierMixin:
    """Return the classifier that the flags describe, not yet trained."""
    if args.model == "logistic":
        model = LogisticRegression(C=args.C, max_iter=1000)
    elif args.model == "svc":
        model = SVC(C=args.C, gamma=args.gamma)
    else:
        model = RandomForestClassifier(n_estimators=args.trees, random_state=args.seed)
    return make_pipeline(StandardScaler(), model) if args.standardize else model


if __name__ == "__main__":
    main()
