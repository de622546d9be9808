from hypothesis import settings

# A deadline is a time asserted in a test: on a busy machine it fails without a fault.
settings.register_profile("course", deadline=None)
settings.load_profile("course")
