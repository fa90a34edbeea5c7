"""The WSOL benchmark's files and conventions: split, maps, grid, masks.

Nothing here needs MMEngine or PyTorch.
"""
