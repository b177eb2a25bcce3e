"""Learns from the labelled texts beside it what the handler reads by; see docs/reading.md."""
