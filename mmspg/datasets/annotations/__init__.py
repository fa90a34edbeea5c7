"""Read annotation files, and check their names and boxes."""
