"""Work-arounds for faults of other packages, one module for each.

A module names the public reports of the fault (``ISSUES``), or the lines at
fault if there is no report. ``REMOVE_WHEN`` says when the module can be
deleted. ``tests/test_utils/test_upstream`` checks that the installed packages
still have the fault, and fails when it is gone.
"""
