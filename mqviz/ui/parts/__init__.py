"""Parts of a screen that runs: each has one meaning, its own keys, and posts messages to the screen."""
