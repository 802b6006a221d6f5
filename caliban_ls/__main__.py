"""`python -m caliban_ls`: the same program as `caliban`.

`-m` puts the working folder first on `sys.path`, where a cloned repository could shadow any module that we
import; so it goes before anything of ours is loaded.
"""

import os
import sys

if not getattr(sys.flags, "safe_path", False):  # Python 3.11 has an option for it
    folder = os.getcwd()  # noqa: PTH109 - pathlib isn't loaded before the path is clean
    sys.path[:] = [entry for entry in sys.path if entry not in ("", ".", folder)]

from caliban_ls.cli import main

if __name__ == "__main__":
    sys.exit(main())
