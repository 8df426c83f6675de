"""``python -m kinechain.cli``."""

from kinechain.cli import main

if __name__ == "__main__":
    main()
