"""What the console remembers between two starts, in the state folder."""
