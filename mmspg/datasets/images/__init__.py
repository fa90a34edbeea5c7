"""Image files: find them, know their format, read them."""
