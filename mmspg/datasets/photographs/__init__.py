"""One's own photographs: classes, boxes, parts and settings."""
