import enum

from absl import app, flags


class Mode(enum.Enum):
    TRAIN = 1
    EVAL = 2


_MODE = flags.DEFINE_enum_class("mode", Mode.TRAIN, Mode, "What to do.")
_LAYERS = flags.DEFINE_list("layers", ["64", "32"], "Widths.")
_TAGS = flags.DEFINE_multi_string("tag", [], "Tags.")
_STEPS = flags.DEFINE_multi_integer("steps", [1], "Steps.")
_OLD = flags.DEFINE_integer("number_of_epochs", 1, "Epochs.")
flags.DEFINE_alias("epochs", "number_of_epochs")
flags.DEFINE_enum("size", None, ["S", "M"], "Size.", case_sensitive=False, required=True)
flags.DEFINE_spaceseplist("words", "a b", "Words.")


def main(_):
    print(_MODE.value)


if __name__ == "__main__":
    app.run(main)
