import os
import sys
from dataclasses import dataclass, field

from transformers import HfArgumentParser


@dataclass
class Base:
    seed: int = 42


@dataclass
class Arguments(Base):
    task: str = field(metadata={"help": "Which."}, kw_only=True)
    fp16: bool = False


if __name__ == "__main__":
    parser = HfArgumentParser(Arguments)
    if len(sys.argv) == 2 and sys.argv[1].endswith(".json"):
        (arguments,) = parser.parse_json_file(json_file=os.path.abspath(sys.argv[1]))
    else:
        (arguments,) = parser.parse_args_into_dataclasses()
