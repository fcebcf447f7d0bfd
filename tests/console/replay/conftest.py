"""The scripts here are for the tests to play, whether or not pytest knows of scripts."""

collect_ignore_glob = ["*.sio.yaml"]
