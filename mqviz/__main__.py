"""The console script. `--version` answers before anything but sys is imported."""

import sys


def main() -> int:
    """Run the command line; returns the exit code: 0, 1 could not, 2 bad input, 130 interrupted."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from mqviz import __version__

        print(f"mqviz {__version__}")
        return 0
    try:
        from mqviz.cli import run

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
