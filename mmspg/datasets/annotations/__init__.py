"""What annotation files say: readers, and the rules for names and boxes."""
