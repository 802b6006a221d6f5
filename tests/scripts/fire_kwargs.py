import fire


def train(lr=0.1, **others):
    print(lr, others)


if __name__ == "__main__":
    fire.Fire(train)
