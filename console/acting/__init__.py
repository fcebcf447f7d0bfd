"""What acting on sockets needs beneath its dialogs: whom, with what, in which words, and what came of it."""
