"""Work-arounds for faults of other packages, a module for each.

A module names the public reports of the fault (``ISSUES``; where there is
none, the lines at fault) and the condition under which it can be deleted
(``REMOVE_WHEN``). ``tests/test_utils/test_upstream`` asks the installed
packages for the fault itself, and fails when it is gone.
"""
