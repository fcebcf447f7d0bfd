"""HAR files, as browsers and proxies export them, as recordings."""
