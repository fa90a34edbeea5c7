"""From predictions to a data set with boxes, in the formats of others."""
