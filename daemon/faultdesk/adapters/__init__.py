"""What faultdesk uses of the world: servers, databases, the machine."""
