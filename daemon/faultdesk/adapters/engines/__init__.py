"""Engines deliver jobs; the ledger owns them."""
