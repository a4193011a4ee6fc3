"""What the documentation site is made of beside its hand-written pages.

`hooks` hands mkdocs pages that would go stale if somebody wrote them: the API reference (`reference`), every
key of a space file (`space_keys`), every kind (`families`), every metric (`metric_list`), and the table of
folders (`code_map`).
Nothing here is needed to use sae-search; `reference` and `code_map` read source text, `space_keys` the
committed schema.
"""
