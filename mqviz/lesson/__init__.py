"""Lessons: Markdown files that ask for a prediction, run it, explain it and set a goal.

`format` reads a lesson (data, never code), `goals` is its tiny language of checks, `tutor` leads a learner
through it, `progress` remembers what was done, `proof` shows that a lesson holds, `course` lists them all.
"""
