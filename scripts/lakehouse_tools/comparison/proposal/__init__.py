"""`lakehouse compare init`: a mapping proposed from both catalogs, for a person to edit.

``names`` says how alike two names are, ``samples`` reads a few rows of both sides, ``columns`` and
``tables`` propose pairs with a confidence and a reason, ``merge`` adds them to what is written.
"""
