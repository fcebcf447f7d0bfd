"""What the console knows: a fold over records, without I/O and without Textual."""
