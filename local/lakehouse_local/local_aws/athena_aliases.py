"""A SELECT's own aliases, where Athena does not know them.

docs.aws.amazon.com/athena/latest/ug/select.html: WHERE, GROUP BY, HAVING and the other
columns of a SELECT see the columns of its FROM, not its aliases; ORDER BY sees both.
DuckDB lets all of them see the aliases, so such a query would work here and fail there.
A SELECT whose columns cannot all be told (``*`` of a subquery, UNNEST) is let through.
"""

from collections.abc import Iterator

from sqlglot import exp

from lakehouse_local.local_aws.athena_errors import QueryError
from lakehouse_local.local_aws.athena_tables import columns, glue_table


def refuse_aliases(statement: exp.Expr, database: str) -> None:
    """Raise ``COLUMN_NOT_FOUND`` for an alias that is used where it is not visible."""
    for select in statement.find_all(exp.Select):
        aliases = {e.alias.lower() for e in select.expressions if isinstance(e, exp.Alias)}
        used = {name for name in _names_in(select) if name in aliases}
        if not used:
            continue
        visible = _visible(select, database.lower())
        for name in sorted(used):
            if visible is not None and name not in visible:
                raise QueryError("COLUMN_NOT_FOUND", f"Column '{name}' cannot be resolved")


def _names_in(select: exp.Select) -> Iterator[str]:
    """Names without a table in the parts that do not see the aliases."""
    parts = [*select.expressions, *(select.args.get(k) for k in ("where", "group", "having"))]
    for part in parts:
        if part is None:
            continue
        for column in part.find_all(exp.Column):
            if not column.table and column.find_ancestor(exp.Select) is select:
                yield column.name.lower()


def _visible(select: exp.Select, database: str) -> set[str] | None:
    """The columns of the FROM and of the queries around it; None where one is not known."""
    found: set[str] = set()
    node: exp.Expr | None = select
    while isinstance(node, exp.Select):
        from_ = node.args.get("from_") or node.args.get("from")
        sources = [from_.this] if from_ else []
        sources += [join.this for join in node.args.get("joins") or []]
        if node.args.get("laterals"):
            return None
        for source in sources:
            names = _columns(source, database)
            if names is None:
                return None
            found |= names
        inside = node.find_ancestor(exp.Select, exp.From, exp.Join, exp.CTE, exp.Where)
        if isinstance(inside, exp.From | exp.Join | exp.CTE):
            break  # a derived table does not see what stands beside it
        node = node.find_ancestor(exp.Select)
    return found


def _columns(source: exp.Expr, database: str) -> set[str] | None:
    alias = source.args.get("alias")
    if isinstance(alias, exp.TableAlias) and alias.columns:
        return {c.name.lower() for c in alias.columns}
    if isinstance(source, exp.Subquery):
        return _projected(source.this)
    if not isinstance(source, exp.Table) or not source.name:
        return None
    if not source.db:
        cte = _cte(source)
        if cte is not None:
            named = cte.args["alias"].columns
            return {c.name.lower() for c in named} if named else _projected(cte.this)
    schema = source.db.lower() or database
    if schema == "information_schema":
        return None
    return {c["Name"].lower() for c in columns(glue_table(schema, source.name.lower()))}


def _cte(table: exp.Table) -> exp.CTE | None:
    node: exp.Expr | None = table
    while node is not None:
        with_ = node.args.get("with_") or node.args.get("with")
        for cte in with_.expressions if isinstance(with_, exp.With) else ():
            if cte.alias.lower() == table.name.lower():
                return cte
        node = node.parent
    return None


def _projected(query: exp.Expr) -> set[str] | None:
    while isinstance(query, exp.SetOperation | exp.Subquery):
        query = query.this
    if not isinstance(query, exp.Select) or query.is_star:
        return None
    return {e.alias_or_name.lower() for e in query.expressions}
