"""Reads the pages of faxes in a child process of its own: documents are taken apart, pages read one at a time."""
