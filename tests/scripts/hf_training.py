from dataclasses import dataclass, field

from transformers import HfArgumentParser
from transformers.trainer_pt_utils import AcceleratorConfig


@dataclass
class Mine(AcceleratorConfig):
    extra_rate: float = field(default=0.1)


def main():
    parser = HfArgumentParser((Mine,))
    return parser.parse_args_into_dataclasses()


if __name__ == "__main__":
    main()
