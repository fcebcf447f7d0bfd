"""What is copied: a record or a socket as JSON, or as the call that makes it happen, in JavaScript or Python."""

from console.snippets.snippet import LANGUAGES, Language, snippet

__all__ = ["LANGUAGES", "Language", "snippet"]
