from absl import app
from absl import flags

FLAGS = flags.FLAGS
MOST = 256

flags.DEFINE_integer("batch_size", 32, "Examples at once.", lower_bound=1, upper_bound=MOST)
flags.DEFINE_integer("seed", 0, "Of all chance.", 0)
flags.DEFINE_float("dropout", 0.1, "How much is left out.", 0.0, 1.0)
flags.DEFINE_float("rate", 0.1, "The step.", lower_bound=0)
flags.DEFINE_multi_integer("layer", [8], "Widths.", lower_bound=1)
flags.DEFINE_integer("free", 1, "Any number.", lower_bound=None)


def main(argv):
    del argv


if __name__ == "__main__":
    app.run(main)
