import fire


def train(data, lr=0.1, batch_size=32, name="x", *, amp=False):
    """Train a model."""
    print(data, lr, batch_size, name, amp)


if __name__ == "__main__":
    fire.Fire(train)
