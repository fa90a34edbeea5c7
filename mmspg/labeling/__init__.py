"""Turn predictions into a data set with boxes, in well-known formats."""
