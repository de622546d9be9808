"""Figures of the course: Axes in, Axes out; nothing here opens a window."""

from course_lib.plotting.decision import plot_decision_boundary, plot_decision_line, plot_points
from course_lib.plotting.style import figure, use_style

__all__ = [
    "figure",
    "plot_decision_boundary",
    "plot_decision_line",
    "plot_points",
    "use_style",
]
