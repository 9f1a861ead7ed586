"""Every benchmark, one after the other: `make bench`, or some: `python -m benchmarks start mm1`."""

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    known = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith("_"))
    for name in sys.argv[1:] or known:
        importlib.import_module(f"benchmarks.{name}").main()
