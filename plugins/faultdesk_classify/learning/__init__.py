"""Learns from corrections: who is believed, when a new model is kept, and how it is taken back; see docs/reading.md."""

MODEL = "classify.linear"
"""The artefact: models that learned from corrections, too."""
TRAIN, SCHEDULE = "classify.train", "classify.schedule"
"""The jobs: learn, and have it done in the coming night."""
