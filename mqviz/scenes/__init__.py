"""Scenes: pure functions that draw a State on a Canvas of cells; they never know which backend it came from.

Grammar, the same in every scene: what moves is bright and what stays is quiet; a tape cell is one record and
marks stand between cells; violet is only ever "you"; everything that colour or motion says is also said by a
letter, a shape or a word. Styles are roles here; `style.resolve` turns a role into a colour of a theme.
"""
