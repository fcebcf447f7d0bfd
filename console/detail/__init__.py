"""What stands in the details: blocks of rows, laid out only where they are looked at. No Textual in here."""
