"""The fake broker lies beside the tests; this puts it on their path."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
