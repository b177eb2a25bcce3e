"""Ways out for faxes: the press that sets pages, HylaFAX, and gateways that take mail."""
