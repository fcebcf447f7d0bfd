"""The actions: one named registry, from which keys, footer, help and palette are made."""
