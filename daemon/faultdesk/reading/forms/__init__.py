"""Takes the fields out of a form, in whatever layout: by what its labels are called and by where things stand."""

from faultdesk.reading.forms.fields import fields_of

__all__ = ["fields_of"]
