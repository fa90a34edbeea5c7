"""Your own photographs: their classes, boxes, parts and settings."""
