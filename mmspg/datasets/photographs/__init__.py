"""Photographs of one's own: their classes, boxes, parts and settings."""
