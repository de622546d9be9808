"""Neural networks in plain NumPy, small enough to read in an afternoon.

The public names of the four wings are here; `course_lib.plotting` and `course_lib.demos` need
matplotlib and ipywidgets and are imported by name.
"""

from course_lib.architecture import *  # noqa: F403
from course_lib.architecture import __all__ as _architecture
from course_lib.challenges import *  # noqa: F403
from course_lib.challenges import __all__ as _challenges
from course_lib.mathematics import *  # noqa: F403
from course_lib.mathematics import __all__ as _mathematics
from course_lib.training import *  # noqa: F403
from course_lib.training import __all__ as _training

__all__ = [*_architecture, *_training, *_mathematics, *_challenges]
