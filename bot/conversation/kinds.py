"""The kinds of files that are published, and what their revisions are called."""

FLOW, PROGRAM, KEYWORDS, POLICY, WECHAT, SHOP, SEASON, VARIABLES, AUDIENCES, TRAITS, EVENTS, EXPERIMENTS = (
    "flow",
    "program",
    "keywords",
    "policy",
    "wechat",
    "shop",
    "season",
    "variables",
    "audiences",
    "traits",
    "events",
    "experiments",
)
"""The kinds of files; there is one of each but flows and seasons, called like its kind."""
BRAND, TEMPLATE = "brand", "template"
TEMPLATES = "templates"
"""The folder of templates, inside that of flows; a template's revisions are called by it too."""
COPY, COPIES = "copy", "copy"
"""The kind of files of named texts; and their folder, by which their revisions are called too."""
COPY_KEPT = "copy:"
"""Begins what a revision keeps, beside its translations, of a text it says by its name."""
CATEGORY = "category:"
"""Before the name of one of the shop's own categories, where a keyword selects that and not a flow."""
