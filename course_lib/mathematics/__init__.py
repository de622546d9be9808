"""Why learning works: automatic differentiation, normalization, schedules, landscapes."""
