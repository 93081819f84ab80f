{#- dbt-glue's incremental materialization, for Iceberg and MERGE alone.

    dbt-glue sends four statements for a merge (temporary relation, DESCRIBE, MERGE,
    DROP), each with two of its own before it, and a poll of a second or more on AWS. A
    MERGE takes a query as its source, so one is enough. A build from scratch replaces
    the table in one commit instead of dropping it first: readers never miss it. -#}
{% materialization incremental, adapter='glue', supported_languages=['sql'] -%}
    {%- if config.get('file_format') != 'iceberg' or config.get('incremental_strategy') != 'merge' -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ ': incremental models are Iceberg tables with the strategy merge'
        ) }}
    {%- endif -%}
    {%- do check_literal(sql) -%}
    {%- set target_relation = glue__make_target_relation(this, 'iceberg') -%}

    {%- set merge = is_incremental() -%}
    {%- if not merge and load_cached_relation(this) is not none and not should_full_refresh() -%}
        {%- set why = ': columns or types changed, its own or below it; it is built anew' -%}
        {{ log(this.identifier ~ why, info=true) }}
    {%- endif -%}

    {{ run_hooks(pre_hooks) }}

    {% call statement('main') -%}
        {%- if merge -%}
            {{ merge_of_delta(target_relation, sql, config.get('unique_key')) }}
        {%- else -%}
            {{ create_anew(target_relation, sql) }}
        {%- endif -%}
    {%- endcall %}

    {{ run_hooks(post_hooks) }}

    {{ return({'relations': [this.incorporate(type='table')]}) }}
{%- endmaterialization %}


{#- dbt-glue sends a statement as a Python literal ('''...''', not a raw one). What would
    end it, or be read as an escape, is refused: the statement would not be the model's. -#}
{% macro check_literal(sql) -%}
    {%- set instead = {'\\': 'char(92)', "'" * 3: 'a string in double quotes'} -%}
    {%- for text in instead if text in sql -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ ": its SQL contains " ~ text ~ ", which dbt-glue cannot send; write "
            ~ instead[text] ~ ' instead'
        ) }}
    {%- endfor -%}
{%- endmacro %}


{#- The MERGE of what `sql` finds, so that its cost follows what is found, not the table.

    Worked out before it, as Iceberg leaves out data files by literals, never by a subquery: each
    last_batch(), so that a build reads what is new in raw, not raw; then the ids of each CTE that is
    marked so (see ids_of), one after the other, and the newest batch that `touched` saw; then the
    rows of others (see rows_of). What was worked out stands in place of its CTE. Nothing touched or
    found, nothing merged. Up to 10,000 keys stand in the MERGE too: the target's scan filters by
    them, and only the rows at hand are joined; without them Spark sorts all keys.

    A shuffle has a part for each 64 MB that is read, as Spark advises, and at least one for each
    core: Spark's default of 200 would be 200 tasks for a delta of a few rows, and as few as there
    are cores would spill where a resync moves millions.

    dbt-glue runs code that holds its marker as Python: all of it is one statement. -#}
{% macro merge_of_delta(target, sql, unique_key) -%}
{%- set key = unique_key if unique_key is string else unique_key[0] -%}
custom_glue_code_for_dbt_adapter
{{ among_as_python() }}
{{ bytes_read_as_python() }}
sql, question = '''{{ sql }} ''', '''{{ last_batch()[:-1] }}'''
while question in sql:
    start = sql.index(question)
    last_batch = sql[start : sql.index(')', start + len(question)) + 1]
    sql = sql.replace(last_batch, str(spark.sql(last_batch).first()[0]))

default = int(spark.conf.get('spark.sql.shuffle.partitions'))

def shuffle_into(parts):
    cores = spark.sparkContext.defaultParallelism
    spark.conf.set('spark.sql.shuffle.partitions', min(default, max(cores, parts)))

def keep(query):
    found = spark.sql(query)
    shuffle_into(bytes_read(found) // 2**26)
    cached.append(found.cache())
    return found

def named(found, name):
    # What is cached, a leaf of the plans to come: in these the query would stand as often as the
    # name, to be found in the cache each time. Iceberg's own procedures make their rows so too.
    plan = found.select('*')._jdf.queryExecution().withCachedData()
    rows = spark._jvm.org.apache.spark.sql.Dataset.ofRows(spark._jsparkSession, plan)
    views.append('{{ this.identifier }}__' + name)
    rows.createOrReplaceTempView(views[-1])
    return 'select * from ' + views[-1]

cached, views, keys, news = [], [], [], True
try:
    while mark := re.search('/[*] (ids|rows) of ([a-z0-9_]+) [*]/', sql):
        name, known, rest = mark[2], sql[: mark.start()], sql[mark.end() :]
        found = keep(known + ' select * from ' + name)
        if mark[1] == 'rows':
            found.count()  # now Spark knows their size
        else:
            # Ids and newest batch of one reading: raw may get another before the rest is read.
            ids = distinct(found.select(found.columns[0]))
            subquery = '([a-z0-9_.]+) in [(]select [a-z0-9_]+ from ' + name + '[)]'
            rest = re.sub(subquery, lambda each: among(each[1], ids) or each[0], rest)
        if name == 'touched':
            newest = found.agg({'_batch': 'max'}).first()[0]
            rest, news = rest.replace('(select max(_batch) from touched)', str(newest)), bool(ids)
        if not news:
            break
        # In place of the CTE, if it is written as most are.
        view, cte = named(found, name), '(.*[^a-z0-9_]' + name + '[^a-z0-9_(]+as[^a-z0-9_(]*[(])'
        cte = re.match(cte, known, re.DOTALL | re.IGNORECASE)
        sql = (cte[1] + view + ')' if cte else known) + rest
    if news:
        delta = keep(sql)
        keys = distinct(delta.select('{{ key }}'))
    if keys:
        shuffle_into(default if len(keys) > 10000 else 0)
        merge = '''{{ get_merge_sql(target, '{delta}', unique_key, none, ['{only}']) }}'''
        merge = merge.replace('{delta}', named(delta, 'delta'))
        SqlWrapper2.execute(merge.replace('{only}', among('dest.{{ key }}', keys) or 'true'))
    else:
        print('{"type": "results", "rowcount": 0, "results": [], "description": []}')
finally:
    spark.conf.set('spark.sql.shuffle.partitions', default)
    for each in views:
        spark.catalog.dropTempView(each)
    for each in cached:
        each.unpersist()  # else the same query is answered from here, once more and too late
{%- endmacro %}


{#- Python for merge_of_delta: keys of a query, and the condition that a column is among them.

    Beside the keys stand the ranges that they lie in, cut at their widest gaps: of more than 200
    literals Iceberg makes nothing when it looks for files and row groups to leave out. Changes
    lie together in most orgs, among the records of the last months. -#}
{% macro among_as_python() -%}
import re

def distinct(keys):
    return [row[0] for row in keys.distinct().limit(10001).collect()]

def among(column, keys):
    if not keys or len(keys) > 10000 or not all(isinstance(k, str) and k.isalnum() for k in keys):
        return None
    keys = sorted(keys)
    places = [int.from_bytes(key.encode().ljust(24), 'big') for key in keys]
    gaps = sorted(range(1, len(keys)), key=lambda at: places[at - 1] - places[at])
    cuts = [0, *sorted(gaps[:50]), len(keys)]
    ranges = [f"{column} between '{keys[a]}' and '{keys[b - 1]}'" for a, b in zip(cuts, cuts[1:])]
    return f"({column} in ('" + "', '".join(keys) + "') and (" + ' or '.join(ranges) + '))'
{%- endmacro %}


{#- Python for merge_of_delta: how many bytes Spark expects a query to read, of the columns and
    the files that it has not left out (Iceberg's SupportsReportStatistics). -#}
{% macro bytes_read_as_python() -%}
def bytes_read(query):
    leaves = query._jdf.queryExecution().optimizedPlan().collectLeaves()
    return sum(int(leaves.apply(at).stats().sizeInBytes()) for at in range(leaves.size()))
{%- endmacro %}
