"""Scripts that play Socket.IO clients against a server, and what comes of them."""
