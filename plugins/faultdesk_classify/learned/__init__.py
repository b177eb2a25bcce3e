"""What was learned from texts: classes by a linear model, names and places by a chain of labels."""
