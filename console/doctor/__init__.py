"""Why a client can't connect: each step from the name of the host to the namespace, tried as a client tries it."""
