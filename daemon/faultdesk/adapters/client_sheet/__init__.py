"""Clients as a sheet: a row for each contract, in xlsx or csv, with Chinese or English headings."""

from faultdesk.adapters.client_sheet.files import shielded
from faultdesk.adapters.client_sheet.read import Problem, Sheet, read_sheet
from faultdesk.adapters.client_sheet.write import write_rows

__all__ = ["Problem", "Sheet", "read_sheet", "shielded", "write_rows"]
