"""The admin client: its commands, its requests, and what becomes of a command when the answer is an error."""
