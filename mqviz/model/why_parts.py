"""The list of files that explain events; importing it fills the table of mqviz/model/why.py."""

from importlib import import_module
from pathlib import Path

for _file in sorted(Path(__file__).parent.glob("why_*.py")):
    if _file.stem != "why_parts":
        import_module(f"mqviz.model.{_file.stem}")
