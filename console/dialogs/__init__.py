"""The dialogs that act on sockets."""
