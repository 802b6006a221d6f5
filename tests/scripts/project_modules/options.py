SPLITS = ["train", "val"]


def add_data_arguments(parser, required=True):
    parser.add_argument("--data", required=required, help="the folder")
    parser.add_argument("--split", choices=SPLITS, default=SPLITS[0])
