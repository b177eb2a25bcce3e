"""collect, read, triage, perform: the desk's work, against ports only."""
