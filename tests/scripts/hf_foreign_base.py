from dataclasses import dataclass, field

from huggingface_hub.hf_api import UserLikes
from transformers import HfArgumentParser


@dataclass
class Mine(UserLikes):
    extra_rate: float = field(default=0.1)


def main():
    parser = HfArgumentParser((Mine,))
    return parser.parse_args_into_dataclasses()


if __name__ == "__main__":
    main()
