from absl import app
from absl import flags

import settings  # defines flags of its own

flags.DEFINE_integer("seed", 0, "Seed.")


def main(argv):
    del argv
    print(settings.rate())


if __name__ == "__main__":
    app.run(main)
