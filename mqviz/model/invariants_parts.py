"""The list of files that hold invariants; importing it fills the table of mqviz/model/invariants.py."""

from importlib import import_module
from pathlib import Path

for _file in sorted(Path(__file__).parent.glob("invariants_*.py")):
    if _file.stem != "invariants_parts":
        import_module(f"mqviz.model.{_file.stem}")
