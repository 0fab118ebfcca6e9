# The book's settings. common/tools/author/book.py prepares the pages and runs Sphinx with these.
project = "suchfoo"
author = "the authors of suchfoo"
extensions = ["myst_parser", "sphinx_copybutton"]
root_doc = "index"
exclude_patterns = ["README.md"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "suchfoo"
html_static_path = ["static"]
html_css_files = ["book.css"]
html_show_sphinx = False
html_copy_source = False
pygments_style = "vs"
pygments_dark_style = "github-dark"
# Of a session, what was typed is copied, without its prompts.
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True
