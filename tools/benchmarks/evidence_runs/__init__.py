"""The parts of evidence.py."""
