"""Figures of the course: Axes in, Axes out; nothing here opens a window."""

from course_lib.plotting.boundary import plot_decision_boundary
from course_lib.plotting.curves import plot_accuracy, plot_loss
from course_lib.plotting.decision import plot_decision_line, plot_points
from course_lib.plotting.features import plot_feature_maps, plot_kernels
from course_lib.plotting.graph import plot_graph
from course_lib.plotting.matrices import plot_confusion_matrix, plot_image, plot_images
from course_lib.plotting.network import plot_network
from course_lib.plotting.paths import plot_contours, plot_path
from course_lib.plotting.style import figure, use_style

__all__ = [
    "figure",
    "plot_accuracy",
    "plot_confusion_matrix",
    "plot_contours",
    "plot_decision_boundary",
    "plot_decision_line",
    "plot_feature_maps",
    "plot_graph",
    "plot_image",
    "plot_images",
    "plot_kernels",
    "plot_loss",
    "plot_network",
    "plot_path",
    "plot_points",
    "use_style",
]
