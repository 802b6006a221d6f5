from dataclasses import dataclass, field
from enum import Enum
from typing import List, Literal, Optional

from transformers import HfArgumentParser


class Strategy(Enum):
    NO = "no"
    EPOCH = "epoch"


@dataclass
class ModelArguments:
    model_name_or_path: str = field(metadata={"help": "A name."})
    cache_dir: Optional[str] = field(default=None, metadata={"help": "A folder."})
    use_fast: bool = field(default=True, metadata={"help": "Be quick."})
    dtype: Literal["float16", "float32"] = "float32"


@dataclass
class DataArguments:
    max_length: int = field(default=128, metadata={"help": "Tokens.", "aliases": ["--max_len"]})
    overwrite: bool = False
    sizes: List[int] = field(default_factory=lambda: [1, 2])
    strategy: Strategy = field(default="no")
    rate: Optional[float] = None
    split: str = field(default="train", metadata={"choices": ["train", "test"]})


def main():
    parser = HfArgumentParser((ModelArguments, DataArguments))
    model, data = parser.parse_args_into_dataclasses()
    print(model, data)


if __name__ == "__main__":
    main()
