"""The WSOL benchmark's files and conventions: split, maps, grid and masks.

This package needs neither MMEngine nor PyTorch.
"""
