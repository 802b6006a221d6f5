from absl import app
from absl import flags

FLAGS = flags.FLAGS

flags.DEFINE_string("data_dir", None, "Where the data is.", short_name="d")
flags.DEFINE_integer("batch_size", 32, "Examples at once.", lower_bound=1)
flags.DEFINE_float("learning_rate", 0.1, "The step.")
flags.DEFINE_bool("use_amp", False, "Half precision.")
flags.DEFINE_boolean("shuffle", True, "Shuffle first.")
flags.DEFINE_enum("optimizer", "adam", ["adam", "sgd"], "Which one.")
flags.mark_flag_as_required("data_dir")


def main(argv):
    if len(argv) > 1:
        raise app.UsageError("Too many command-line arguments.")


if __name__ == "__main__":
    app.run(main)
