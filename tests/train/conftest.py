"""The tests of training share a module of helpers, tiny_training.py, beside them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
