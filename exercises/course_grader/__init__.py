"""Parallel, sandboxed autograding for nbgrader courses."""
