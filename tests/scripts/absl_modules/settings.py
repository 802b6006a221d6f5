from absl import flags

_RATE = flags.DEFINE_float("rate", 0.5, "Rate.")


def rate():
    return _RATE.value
