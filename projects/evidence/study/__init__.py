"""What the scripts of this study share."""
