"""The long-running daemon: loops, signals, and the place where everything is put together."""
