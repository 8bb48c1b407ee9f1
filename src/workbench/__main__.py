"""`python -m workbench`."""

import sys

from workbench.cli import main

if __name__ == "__main__":  # worker processes import this file under another name
    sys.exit(main())
