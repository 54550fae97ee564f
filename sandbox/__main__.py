"""``python -m sandbox``: the same as ``protocol-sandbox``."""

from sandbox.cli import main

if __name__ == "__main__":
    main()
