"""Figures of the course: Axes in, Axes out; nothing here opens a window."""
