"""Two systems side by side: whether their tables are the same, and the old one may go.

``reading`` and ``model`` say what is compared; ``sql`` builds the text once for every engine;
``engines`` run it where the data are; ``sides`` finds the tables and pins them; ``rows``,
``counts``, ``quality``, ``history`` and ``performance`` turn answers into checks; ``run`` puts
them together; ``report`` and ``gate`` say what came of it.
"""
