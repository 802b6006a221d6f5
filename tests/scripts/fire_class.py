import fire


class Trainer:
    def __init__(self, seed=0, device="cpu"):
        self._seed = seed
        self._device = device

    def train(self, lr=0.1, epochs=1):
        print(self._seed, lr, epochs)

    def evaluate(self, split="val"):
        print(self._device, split)


if __name__ == "__main__":
    fire.Fire(Trainer)
