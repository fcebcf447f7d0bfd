"""The filter language: parse once, match records and sockets."""
