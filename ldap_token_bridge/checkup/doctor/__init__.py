"""Why a registry refuses the bridge's tokens: evidence gathered by asking, then judged by a pure function.

`gather` owns the questions and their order, `diagnose` the causes and cures; the two share `Evidence` alone.
"""

from .diagnose import Wanted, diagnose
from .evidence import Evidence
from .gather import Progress, Question, gather
from .reach import Identity, identity_of

__all__ = ["Evidence", "Identity", "Progress", "Question", "Wanted", "diagnose", "gather", "identity_of"]
