"""What was learned from texts: where names, places and things stand."""
