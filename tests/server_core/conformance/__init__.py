"""One test for every row of the specification of a Socket, driven over real sockets; `rows.py` maps them."""
