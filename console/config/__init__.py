"""The config file: reading it, saying what is wrong with it, writing its example."""
